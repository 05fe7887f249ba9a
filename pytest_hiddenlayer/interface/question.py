"""A question that no task file holds: one prompt, answered once by one strategy with one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engine.cases import Case, Cell
from ..engine.checks.task_models import check_judge, check_providers
from ..errors import UsageError
from ..identifiers import digest
from ..model_names import model_slugs
from ..options import RunOptions
from ..scorers.build import build_scorer
from ..strategies.bind import bind_strategy
from ..types import GenerationConfig, Message, Sample, Spec, Task

TASK = "questions"
"""The task of all such questions in a run log."""
Prompt = str | Sequence[Message | Mapping[str, str]]
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
    target: str | Sequence[str] | None = None,
    choices: Sequence[str] = (),
    scorers: Sequence[Spec] = (),
) -> Case:
    """Return the case of a question. The first provider of `options` answers.

    Raises UsageError for a strategy, scorer or parameter that does not exist, before anything is asked.
    """
    question = _messages(prompt)
    sample = Sample(
        id=digest([prompt if isinstance(prompt, str) else [[m.role, m.content] for m in question], system])[:8],
        input=prompt if isinstance(prompt, str) else question,
        target=target if isinstance(target, str | None) else tuple(target),
        choices=tuple(choices),
    )
    task = Task(
        name=TASK,
        path="a question",
        samples=(sample,),
        scorers=tuple(scorers) or (PLAIN_ANSWER,),
        system=system,
        generate=generate,
    )
    return Case(cell=_cell(task, strategy, options), sample=sample, epoch=1)


def _cell(task: Task, strategy: Spec, options: RunOptions) -> Cell:
    model = options.providers[0]
    cell = Cell(
        task=task,
        strategy=bind_strategy(strategy),
        model=model,
        slug=model_slugs(options.providers)[model],
        scorers=tuple(build_scorer(spec) for spec in task.scorers),
        judge=options.judge,
        epochs=1,
        seed=options.seed,
    )
    check_providers(task, cell.strategy, cell.scorers, cell.judge, options)
    check_judge(task, cell.scorers, cell.judge or cell.model)
    return cell


def _messages(prompt: Prompt) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
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
