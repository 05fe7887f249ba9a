"""A model that may call tools before it answers.

Yao et al. 2022, "ReAct: Synergizing Reasoning and Acting in Language Models", arXiv:2210.03629: the model thinks,
calls a tool, reads the result, and goes on until it answers. Differences: there are no examples in the prompt, so
that it works with any chat model and any tool; a call is a line `TOOL: name: argument` in plain text, and not the
function calling of a provider; and the reply is cut behind the first call, so that results that the model invents
are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...errors import ParameterError, UsageError, did_you_mean
from ...parameters import Range, checked_together
from ...protocols import Context
from ...registry import tools as registered
from ...types import Answer, Completion, GenerationConfig, Message
from ..messages import continued, request
from ..tools.running import ToolResult, described, run_tool
from ..tools.tool_calls import ToolCall, read_tool_call


def check_tools(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError if a tool is not registered, or if none is named."""
    names = _names(params["tools"])
    if not names:
        raise ParameterError("tools names no tool; write tools=calculator", parameter="tools")
    for name in names:
        try:
            registered.get(name)
        except UsageError as error:
            raise ParameterError(f"tools: {error}; register it with @tool({name!r})", parameter="tools") from error


@checked_together(check_tools)
async def tool_use(
    context: Context,
    *,
    tools: str = "calculator",
    max_calls: Annotated[int, Range(1, 100)] = 5,
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the first reply without a tool call; before it the model may call tools, each call one round.

    `tools` names registered tools, joined by `+`. After `max_calls` calls the model is asked to answer without
    tools; if it calls another one, the outcome is `unscored`. An unknown tool, wrong arguments and an
    exception of a tool are shown to the model, which may try again.

    Metadata: `tool_calls`, each with `round`, `tool`, `argument`, and `result` or `error`; empty if the model never
    calls a tool.
    """
    functions = {name: registered.get(name) for name in _names(tools)}
    defaults = GenerationConfig(temperature=temperature)
    text = context.render(
        "tool_use/start",
        task=context.prompt,
        tools=[f"{name}: {described(function)}" for name, function in functions.items()],
        example="calculator: 12*(3+4)" if "calculator" in functions else f"{next(iter(functions))}: text",
    )
    messages: tuple[Message, ...] = request(context, text)
    calls: list[dict[str, Any]] = []
    while True:
        completion = await context.ask(messages, role="solver", round=len(calls), defaults=defaults)
        call = read_tool_call(completion.text)
        if call is None or not _is_whole(call, completion):
            return _answered(completion, calls)
        if len(calls) == max_calls:
            return _never_answered(completion, calls, max_calls)
        result = await _run(functions, call)
        calls.append(_entry(len(calls), call, result))
        follow_up = context.render(
            "tool_use/result",
            tool=call.tool,
            result=result.text,
            failed=result.error is not None,
            last=len(calls) == max_calls,
        )
        messages = continued(messages, completion.text[: call.end], follow_up)


def _names(tools: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in tools.split("+") if name.strip()))


def _is_whole(call: ToolCall, completion: Completion) -> bool:
    """Whether nothing of the call can be cut off at the end of the reply."""
    return call.complete or ended_normally(completion.finish_reason)


async def _run(functions: Mapping[str, Callable[..., Any]], call: ToolCall) -> ToolResult:
    if call.tool not in functions:
        error = f"no tool {call.tool!r}{did_you_mean(call.tool, functions)} (there are: {', '.join(functions)})"
        return ToolResult(text=error, error=error)
    return await run_tool(functions[call.tool], call.argument)


def _entry(number: int, call: ToolCall, result: ToolResult) -> dict[str, Any]:
    outcome = {"result": result.text} if result.error is None else {"error": result.error}
    return {"round": number, "tool": call.tool, "argument": call.argument, **outcome}


def _answered(completion: Completion, calls: list[dict[str, Any]]) -> Answer:
    return Answer(output=completion.text, finish_reason=completion.finish_reason, metadata={"tool_calls": calls})


def _never_answered(completion: Completion, calls: list[dict[str, Any]], max_calls: int) -> Answer:
    return Answer(
        output=completion.text,
        finish_reason=completion.finish_reason,
        outcome="unscored",
        error=(
            f"tool_use asked for an answer without tools after {max_calls} tool calls, but the reply calls "
            f"another one: {completion.text[:200]!r}; raise max_calls"
        ),
        metadata={"tool_calls": calls},
    )
