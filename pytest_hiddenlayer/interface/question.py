"""A question that no task file holds: one prompt, answered once by one strategy with one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.cases import Case, Cell
from ..engine.checks.task_models import check_judge, check_providers
from ..engine.for_strategies.own_prompts import own_prompts
from ..errors import UsageError
from ..identifiers import digest
from ..model_names import model_slugs, parse_model
from ..options import RunOptions
from ..presets import find_preset, with_preset
from ..scorers.build import build_scorer
from ..strategies.bind import bind_strategy
from ..types import GenerationConfig, Message, Sample, Spec, Task

TASK = "questions"
"""The task of all such questions in a run log."""
Prompt = str | Sequence[Message | Mapping[str, str]]
Target = str | float | Sequence[str | float] | None
PLAIN_ANSWER = Spec(
    name="exact",
    params={"extract": {"marker": "Answer:", "strip_final_dot": True}, "normalize": True, "ignore_case": True},
)
"""How an answer is read if no scorer is named: what follows the last `Answer:`, or else the whole text."""


def question_case(
    prompt: Prompt,
    *,
    strategy: Spec,
    options: RunOptions,
    generate: GenerationConfig = GenerationConfig(),
    system: str | None = None,
    target: Target = None,
    choices: Sequence[str] = (),
    scorers: Sequence[Spec] = (),
) -> Case:
    """Return the case of a question. The first provider of `options` answers.

    Raises UsageError for a strategy, scorer or parameter that does not exist, before anything is asked.
    """
    if system is not None and not isinstance(system, str):
        raise UsageError(f"system={system!r}: pass a text")
    question = _messages(prompt)
    sample = Sample(
        id=digest([prompt if isinstance(prompt, str) else [[m.role, m.content] for m in question], system])[:8],
        input=prompt if isinstance(prompt, str) else question,
        target=_target(target),
        choices=_choices(choices),
    )
    _check_target(sample)
    task = Task(
        name=TASK,
        path="a question",
        samples=(sample,),
        scorers=tuple(scorers) or (PLAIN_ANSWER,),
        system=system,
        generate=generate,
    )
    return Case(cell=_cell(task, strategy, options), sample=sample, epoch=1)


def _cell(task: Task, written: Spec, options: RunOptions) -> Cell:
    model = options.providers[0]
    strategy = with_preset(written, options.presets)
    _check_model(strategy, options)
    cell = Cell(
        task=task,
        strategy=bind_strategy(strategy),
        model=model,
        slug=model_slugs(options.providers)[model],
        scorers=tuple(build_scorer(spec) for spec in task.scorers),
        judge=options.judge,
        epochs=1,
        seed=options.seed,
        prompts=own_prompts(strategy.name, options.prompts),
    )
    check_providers(task, cell.strategy, cell.scorers, cell.judge, options)
    check_judge(task, cell.scorers, cell.judge or cell.model)
    return cell


def _check_model(strategy: Spec, options: RunOptions) -> None:
    """Raise UsageError if the preset names another model than the one that is asked."""
    named = find_preset(strategy.preset, options.presets).named_model if strategy.preset else ""
    if named and options.providers[0] != parse_model(named, "preset"):
        raise UsageError(
            f"preset {strategy.preset!r} names the model {named}, and {options.providers[0]} is asked; name the "
            "preset's model, or its strategy and parameters with another one"
        )


def _target(target: Target) -> str | tuple[str, ...] | None:
    """The accepted answers as texts: 42 is `42`. Raises UsageError for what is neither text nor number."""
    if target is None or _is_answer(target):
        return None if target is None else str(target)
    answers = tuple(target) if isinstance(target, Sequence | set | frozenset) else ()
    if not answers or not all(map(_is_answer, answers)):
        raise UsageError(f"target={target!r}: pass a text, a number, or a list of accepted answers")
    return tuple(map(str, answers))


def _is_answer(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _choices(choices: Sequence[str]) -> tuple[str, ...]:
    if isinstance(choices, str) or not isinstance(choices, Sequence) or not all(map(_is_answer, choices)):
        raise UsageError(f"choices={choices!r}: pass a list of texts, such as ['yes', 'no']")
    return tuple(map(str, choices))


def _check_target(sample: Sample) -> None:
    """Raise UsageError if no choice is a target: every answer would be wrong."""
    letters = [chr(ord("A") + index) for index in range(len(sample.choices))]
    if sample.choices and sample.targets and not {*sample.choices, *letters} & {*sample.targets}:
        raise UsageError(
            f"target={sample.target!r}: is none of the choices {', '.join(sample.choices)}; correct one of them"
        )


def _messages(prompt: Prompt) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
    if not isinstance(prompt, list | tuple):
        raise UsageError(f"prompt={prompt!r}: pass a text, or a list of messages {{'role': 'user', 'content': …}}")
    messages = tuple(_message(index, message) for index, message in enumerate(prompt))
    if not messages:
        raise UsageError("the prompt has no messages; pass a text, or at least one {'role': 'user', 'content': …}")
    return messages


def _message(index: int, message: Message | Mapping[str, str]) -> Message:
    if isinstance(message, Message):
        return message
    keys = sorted(message) if isinstance(message, Mapping) else type(message).__name__
    if keys != ["content", "role"]:
        raise UsageError(f"message {index} of the prompt: expected the keys role and content, found {keys}")
    for key in ("role", "content"):
        if not isinstance(message[key], str):
            raise UsageError(f"message {index} of the prompt: {key}={message[key]!r}: pass a text")
    return Message(role=message["role"], content=message["content"])


def written_spec(written: str | Mapping[str, Any] | Spec, what: str) -> Spec:
    """Return a strategy or scorer written as a name, or as {name: {parameter: value}}. Raises UsageError."""
    if isinstance(written, Spec):
        return written
    if isinstance(written, str):
        return Spec(name=written)
    if isinstance(written, Mapping) and len(written) == 1:
        name, params = next(iter(written.items()))
        if isinstance(params, Mapping | None):
            rest = dict(params or {})
            return Spec(name=str(name), label=str(rest.pop("as", "")), params=rest)
    raise UsageError(f"{what}: write a name or {{name: {{parameter: value}}}}, found {written!r}")
