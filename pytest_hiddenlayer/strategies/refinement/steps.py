"""What the strategies of refinement share: one call, a list read from a reply, and answers without a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...completions.finish_reasons import ended_normally
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig
from ..messages import request
from ..orchestration.plan import parse_plan


async def ask_prompt(
    context: Context, prompt: str, *, role: str, round: int = 0, model: str = "", temperature: float, **values: Any
) -> Completion:
    """Returns the completion of a prompt file as one user message. Raises ProviderError."""
    return await context.ask(
        request(context, context.render(prompt, model=model, task=context.prompt, **values)),
        role=role,
        round=round,
        model=model,
        defaults=GenerationConfig(temperature=temperature),
    )


def read_list(reply: Completion, at_most: int) -> list[str]:
    """Returns at most `at_most` entries of a reply that is a list (see `parse_plan`), or is only questions.

    Equal entries count once. The last entry of a reply that was cut off is left out: it may be incomplete.
    """
    entries = parse_plan(reply.text) or _questions(reply.text)
    complete = entries if ended_normally(reply.finish_reason) else entries[:-1]
    return list(dict.fromkeys(complete))[:at_most]


def _questions(text: str) -> list[str]:
    """The sentences that end with a question mark."""
    parts = [part.strip() for line in text.splitlines() for part in line.split("?")[:-1]]
    return [f"{part}?" for part in parts if any(map(str.isalnum, part))]


def is_usable(reply: Completion) -> bool:
    """Returns whether a reply has a text and ended normally."""
    return bool(reply.text.strip()) and ended_normally(reply.finish_reason)


def is_cut(reply: Completion) -> bool:
    """Returns whether a reply did not end normally."""
    return not ended_normally(reply.finish_reason)


def as_answer(completion: Completion, metadata: Mapping[str, Any]) -> Answer:
    """Returns a completion as the answer; one that did not end normally is not scored."""
    return Answer(output=completion.text, finish_reason=completion.finish_reason, metadata=metadata)


def without_result(name: str, asked: str, reply: Completion, remedy: str, metadata: Mapping[str, Any]) -> Answer:
    """Returns the outcome `unscored` without output, because `reply` is not what the strategy asked for."""
    cut = " (cut off)" if is_cut(reply) else ""
    found = f"the reply has none{cut}: {reply.text[:200]!r}" if reply.text.strip() else f"the reply is empty{cut}"
    return Answer(
        output="", outcome="unscored", error=f"{name} asked {asked}, but {found}; {remedy}", metadata=metadata
    )
