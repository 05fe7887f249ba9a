"""The answers of two models to the same questions, as a stored run has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...confidence import MEASURES
from ...errors import UsageError, did_you_mean
from ...results.metrics.cells import by_cell
from ...strategies.orchestration.signals import FEATURES
from ...taskfile import prompt_text
from ...types import ELICITED, Message, Record
from ...usage import strategy_calls

_HOW = {
    "mean_logprob": "run with a provider that returns log-probabilities and --hl-confidence tokens",
    "p_true": "run with --hl-confidence p_true",
    "verbalized": "run with --hl-confidence verbalized",
    "agreement": "run the first model with --strategy self_consistency",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What one answer cost; None: unknown."""

    usd: float | None
    tokens: float | None
    calls: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One epoch of one sample, answered by both models."""

    sample_id: str
    group: str | None
    signal: float | None  # None: unknown, so that a cascade asks the last model
    first_score: float | None  # None: not scored; a cascade asks the last model
    last_score: float
    first: Spent
    last: Spent

    @property
    def cluster(self) -> tuple[str, str]:
        """What is never split: the group of a sample, or the sample without one."""
        return ("sample", self.sample_id) if self.group is None else ("group", self.group)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredQuestions:
    """The questions of one task."""

    task: str
    models: tuple[str, str]  # PROVIDER:MODEL, the cheaper one first
    signal: str
    questions: tuple[Question, ...]
    left_out: int  # without a score of the last model, or, for a router, of the first


def is_feature(signal: str) -> bool:
    """Returns whether a signal is known before any model answers: then a router compares it."""
    return signal in FEATURES


def stored_questions(
    records: Sequence[Record], signal: str, *, task: str | None = None, models: Sequence[str] = ()
) -> StoredQuestions:
    """Returns the questions that two models of a run answered. `models`: their names, the cheaper one first.

    The last model's answers are those of `single`; the first model's too, or those of `self_consistency` for the
    signal `agreement`. Raises UsageError if the run has no such answers, or no value of the signal.
    """
    name, cells = _task_cells(records, task)
    first_cells = _by_model(cells, "self_consistency" if signal == "agreement" else "single")
    last_cells = _by_model(cells, "single")
    first, last = _two_models(first_cells, last_cells, models, name)
    answers = {(record.sample_id, record.epoch): record for record in last_cells[last]}
    pairs = [(r, answers[r.sample_id, r.epoch]) for r in first_cells[first] if (r.sample_id, r.epoch) in answers]
    scored = [
        (one, two) for one, two in pairs if two.score is not None and not (is_feature(signal) and one.score is None)
    ]
    questions = tuple(_question(one, two, signal) for one, two in scored)
    if not any(question.signal is not None for question in questions):
        raise UsageError(
            f"a threshold of {signal} was to be learnt on task {name!r}, but no answer of {first} has it; "
            f"{_HOW.get(signal, 'run again: no prompt was recorded')}"
        )
    return StoredQuestions(
        task=name, models=(first, last), signal=signal, questions=questions, left_out=len(pairs) - len(questions)
    )


def _task_cells(records: Sequence[Record], task: str | None) -> tuple[str, list[list[Record]]]:
    cells = list(by_cell(records).values())
    names = list(dict.fromkeys(cell[0].task for cell in cells))
    if task is None and len(names) != 1:
        raise UsageError(f"a threshold is learnt on one task, and this run has {_listed(names)}; name one by --task")
    if task is not None and task not in names:
        raise UsageError(f"no task {task!r} in this run{did_you_mean(task, names)} (it has {_listed(names)})")
    chosen = task or names[0]
    return chosen, [cell for cell in cells if cell[0].task == chosen]


def _by_model(cells: Sequence[list[Record]], strategy: str) -> dict[str, list[Record]]:
    """PROVIDER:MODEL → records of the first cell of a strategy."""
    found: dict[str, list[Record]] = {}
    for cell in cells:
        if cell[0].strategy == strategy:
            found.setdefault(f"{cell[0].provider}:{cell[0].model}", cell)
    return found


def _two_models(
    first: Mapping[str, Any], last: Mapping[str, Any], models: Sequence[str], task: str
) -> tuple[str, str]:
    known = list(dict.fromkeys((*first, *last)))
    for model in models:
        if model not in known:
            raise UsageError(f"--models {model}: the run has no answers of it{did_you_mean(model, known)} "
                             f"(it has {_listed(known)})")  # fmt: skip
    if models and len(models) != 2:
        raise UsageError(f"--models names {len(models)} models; write two, the cheaper one first, joined by a comma")
    one, two = models or (known if len(known) == 2 else ("", ""))
    if one == two or one not in first or two not in last:
        raise UsageError(
            f"a threshold between two models was to be learnt on task {task!r}, and the run has answers of "
            f"{_listed(known)}; "
            "run `single` with two models, --provider A --provider B, and name them by --models A,B"
        )
    return one, two


def _question(first: Record, last: Record, signal: str) -> Question:
    assert last.score is not None  # the caller leaves others out
    return Question(
        sample_id=first.sample_id,
        group=first.group,
        signal=_signal(first, signal),
        first_score=first.score,
        last_score=last.score,
        first=_spent([*strategy_calls(first), *_confidence_calls(first, signal)]),
        last=_spent(strategy_calls(last)),
    )


def _signal(record: Record, signal: str) -> float | None:
    """The value of the signal, measured as `cascade` and `router` measure it in a run."""
    if is_feature(signal):
        prompt = prompt_text([Message(role=m["role"], content=m["content"]) for m in record.prompt or ()])
        return float(FEATURES[signal](prompt)) if prompt else None
    if record.score is None:
        return None  # an answer that did not end normally has no confidence
    if signal == "agreement":
        vote = record.answer_metadata.get("vote")
        counts = vote.get("votes") if isinstance(vote, Mapping) else None
        total = sum(counts.values()) if isinstance(counts, Mapping) else 0
        return max(counts.values()) / total if counts and total else None
    value = record.confidence.get(signal)
    if value is None and signal == "mean_logprob":
        value = next((c["mean_logprob"] for c in record.transcript if c["completion"] == record.output), None)
    return None if value is None else MEASURES[signal].confidence(value)


def _confidence_calls(record: Record, signal: str) -> list[Mapping[str, Any]]:
    """The call that asked for the signal, which is a part of what a cascade spends."""
    elicited = record.answer_metadata.get(ELICITED, {}).get(signal)
    if elicited is None:
        return []
    asked = [
        c for c in record.transcript if c.get("role") == "confidence" and c.get("completion") == elicited["reply"]
    ]
    return asked[:1]


def _spent(calls: Sequence[Mapping[str, Any]]) -> Spent:
    costs = [call["cost_usd"] for call in calls]
    tokens = [call["usage"][name] for call in calls for name in ("input_tokens", "output_tokens")]
    return Spent(
        usd=None if None in costs else sum(costs), tokens=None if None in tokens else sum(tokens), calls=len(calls)
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
