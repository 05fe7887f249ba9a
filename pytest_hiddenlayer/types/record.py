"""What was measured: the answer of a strategy, the score of a scorer, and the record of both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import NoneType
from typing import Any, Literal, TypeAlias

Outcome: TypeAlias = Literal[
    "correct", "incorrect", "partial", "error", "truncated", "empty", "refused", "unscored", "skipped"
]
OUTCOMES: tuple[Outcome, ...] = Outcome.__args__  # type: ignore[attr-defined]
RECORD_SCHEMA = 3
"""Version of the fields of `Record`, as written to `records.jsonl`."""
SCORED: frozenset[Outcome] = frozenset({"correct", "incorrect", "partial"})
"""The outcomes that enter a mean; all others are only counted."""
SCORING_CALLS = "scoring_calls"
"""Key of `Record.answer_metadata`: how many calls at the end of the transcript are not the strategy's, but
the scorers' or about the confidence in the answer; absent if none."""
RESUMED_CALLS = "resumed_calls"
"""Key of `Record.answer_metadata`: how many of its calls an earlier run made, which was killed; absent if none."""
SCORER_FAILED = "failed"  # key of `Score.details`: true if a call of the scorer failed; a resumed run asks again
ELICITED = "elicited_confidence"
"""Key of `Record.answer_metadata`: {p_true or verbalized: {value, reply, …}}; absent unless --hl-confidence or the
strategy asks for it."""
OWN_PROMPTS = "own_prompts"
"""Key of `Record.answer_metadata`: {name: hash} of the prompts that were the user's own; absent without one."""
ROUND_SCORES = "round_scores"
"""Key of `Record.answer_metadata`: {role: {round: {score, right, answer}}}; absent if no agent has two rounds."""

IGNORED_SPANS = "ignored_spans"
"""Key of `Answer.metadata`: {role: {round: [start, end]}}, characters of a completion that do not belong to its
answer, such as ratings of other answers. The scores by round are those of the rest."""
SAMPLE_SCORES = "sample_scores"
"""Key of `Record.answer_metadata`: {role: {answer, score, right}} of each `sample-*`; absent without samples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a strategy returns for one sample."""

    output: str  # the text that is scored
    finish_reason: str | None = "stop"  # of the call that the output comes from; None: not known
    outcome: Outcome | None = None  # set if the strategy ended without an answer to score
    error: str | None = None  # why, in one sentence, if outcome is set
    metadata: Mapping[str, Any] = field(default_factory=dict)  # votes, plans, verdicts; plain JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One scorer's score of one output."""

    value: float | None  # in [0, 1]; None: unscored, and `explanation` says why
    answer: str | None = None  # what was extracted from the output
    explanation: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)  # evidence for the value; plain JSON

    def __post_init__(self) -> None:
        if type(self.value) not in (float, int, NoneType):
            # Decimal, Fraction, a number of numpy; of a subclass its value, whatever its methods do
            value: Any = self.value
            object.__setattr__(self, "value", float.__float__(value) if isinstance(value, float) else float(value))
        if self.value is not None and not (math.isfinite(self.value) and 0.0 <= self.value <= 1.0):
            raise ValueError(f"a score lies in [0, 1] or is None (unscored); got {self.value!r:.100}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One sample, answered once (one epoch) by one strategy with one model. Plain JSON values only."""

    run_id: str
    key: str  # hash of everything that determines the answer and its score
    task: str
    sample_id: str
    epoch: int  # from 1
    strategy: str
    strategy_params: Mapping[str, Any]  # all parameters, defaults included
    provider: str
    model: str  # full name
    input: Any  # text, or a list of {role, content}
    target: Any
    output: str | None
    answer: str | None  # extracted by the headline scorer
    scores: Mapping[str, Any]  # scorer → {value, answer, explanation}
    outcome: Outcome
    usage: Mapping[str, Any]
    cost_usd: float | None
    latency_s: float
    transcript: Sequence[Mapping[str, Any]]
    error: str | None
    seed: int
    started_at: str  # ISO 8601, UTC
    cached: bool = False
    answer_metadata: Mapping[str, Any] = field(default_factory=dict)  # the strategy's and the engine's
    label: str = ""  # the strategy's label: its name and the parameters that differ from its defaults
    slug: str = ""  # the model's slug
    sample_hash: str = ""
    must_pass: bool = False
    group: str | None = None
    prompt: Sequence[Mapping[str, Any]] | None = None  # the messages as rendered; None: not recorded
    choices: Sequence[str] = field(default_factory=list)
    metadata: Mapping[str, Any] = field(default_factory=dict)  # the sample's
    reasoning: str | None = None  # what the model thought before `output`
    confidence: Mapping[str, float] = field(default_factory=dict)  # measure → value of the answer; see `confidence`
    traceback: str | None = None  # of an error that a user's strategy, scorer or provider raised
    schema: int = RECORD_SCHEMA

    @property
    def score(self) -> float | None:
        """The headline score: the first scorer's value; None if unscored."""
        if self.outcome not in SCORED or not self.scores:
            return None
        value: float | None = next(iter(self.scores.values()))["value"]
        return value

    @property
    def cell(self) -> tuple[str, str, str, str]:
        """(task, strategy label, provider, model slug): the records that are averaged and gated together."""
        return (self.task, self.label, self.provider, self.slug)

    def to_json(self) -> dict[str, Any]:
        """All fields by name. The values are plain JSON already and are not copied."""
        return {name: getattr(self, name) for name in _RECORD}


_RECORD = tuple(f.name for f in fields(Record))
