"""The data types.

    task file → Task → Sample → Strategy (calls a model of a Provider) → transcript of Calls
              → Scorer → Score → Record → run log, snapshot, gate, report

All are frozen. `None` means unknown, never 0. Imports no other module of the package, and not
pytest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, TypeAlias

Outcome: TypeAlias = Literal[
    "correct", "incorrect", "partial", "error", "truncated", "empty", "refused", "unscored", "skipped"
]
OUTCOMES: tuple[Outcome, ...] = Outcome.__args__  # type: ignore[attr-defined]
RECORD_SCHEMA = 2
"""Version of the fields of `Record`, as written to `records.jsonl`."""
SCORED: frozenset[Outcome] = frozenset({"correct", "incorrect", "partial"})
"""The outcomes that enter a mean; all others are only counted."""
SCORING_CALLS = "scoring_calls"
"""Key of `Record.answer_metadata`: how many calls at the end of the transcript the scorers made; absent if none."""
ROUND_SCORES = "round_scores"
"""Key of `Record.answer_metadata`: {role: {round: {score, right, answer}}}; absent if no agent has two rounds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One chat message."""

    role: str  # system, user or assistant
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationConfig:
    """Generation parameters; a field that is None is set by the source that is next in precedence."""

    temperature: float | None = None  # 0 is greedy
    top_p: float | None = None  # in (0, 1]
    max_tokens: int | None = None  # new tokens, at least 1
    stop: tuple[str, ...] | None = None  # generation ends before the first of these strings

    def with_defaults(self, defaults: GenerationConfig) -> GenerationConfig:
        """These parameters, with each None replaced by the value in `defaults`."""
        return GenerationConfig(
            temperature=defaults.temperature if self.temperature is None else self.temperature,
            top_p=defaults.top_p if self.top_p is None else self.top_p,
            max_tokens=defaults.max_tokens if self.max_tokens is None else self.max_tokens,
            stop=defaults.stop if self.stop is None else self.stop,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One problem of a task."""

    id: str  # unique in its task; by default the 0-based row number
    input: str | tuple[Message, ...]
    target: str | tuple[str, ...] | None = None  # as written; if several, any of them is accepted
    choices: tuple[str, ...] = ()  # texts of A, B, C, ...
    group: str | None = None  # cluster, for error bars
    must_pass: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """All accepted answers; empty if there is no target."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """The name of a registered strategy or scorer, with the parameters that the user wrote."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One validated task file, with paths resolved and samples loaded."""

    name: str
    path: str  # as displayed: relative to rootdir if it is inside it
    samples: tuple[Sample, ...]
    scorers: tuple[Spec, ...]  # the first is the headline score
    strategies: tuple[Spec, ...] = (Spec(name="single"),)
    description: str = ""
    prompt: str | None = None  # Jinja2 template over the sample's fields; None: the input unchanged
    system: str | None = None
    generate: GenerationConfig = GenerationConfig()
    epochs: int = 1
    reducer: str = "mean"
    pass_score: float | None = None  # None: the headline scorer's
    threshold: float | None = None
    min_scored: float = 0.95  # share of the selected answers
    margin: float = 0.0
    min_effect: float = 0.05
    judge: str | None = None  # PROVIDER[:MODEL]
    outputs: Mapping[str, tuple[str, ...]] | None = None  # sample id → recorded outputs, one per epoch
    tags: tuple[str, ...] = ()
    hash: str = ""  # of every field above that can change an answer or a score


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelName:
    """A model as the user named it: `PROVIDER[:MODEL]`."""

    provider: str
    model: str | None = None  # None: the provider's default model

    def __str__(self) -> str:
        return self.provider if self.model is None else f"{self.provider}:{self.model}"


MODELS = "models"
Models: TypeAlias = Annotated[str, MODELS]
"""Type of a strategy parameter that names models: `PROVIDER[:MODEL]`, joined by `+`; empty: the candidate only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call to a model, with the context that a provider may use."""

    messages: tuple[Message, ...]
    params: GenerationConfig
    seed: int  # in [0, 2**31); derived; differs between samples, epochs, roles and rounds
    role: str = "answer"
    round: int = 0
    sample_id: str = ""
    epoch: int = 1  # from 1
    outputs: tuple[str, ...] | None = None  # recorded by the task for this sample, one per epoch
    schema: Mapping[str, Any] | None = None  # JSON Schema of the answer; providers without support ignore it
    top_logprobs: int = 0  # requested alternatives per output token; providers without support ignore it
    independent: bool = False  # contains nothing of an earlier answer of its case, so that it may be batched


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one or more calls; None if the provider does not report them."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        """The sum. Unknown plus known is unknown, except that a usage of 0 calls adds nothing."""
        if self.calls == 0 or other.calls == 0:
            return other if self.calls == 0 else self
        total: dict[str, Any] = {}
        for f in fields(self):
            pair = (getattr(self, f.name), getattr(other, f.name))
            total[f.name] = None if None in pair else sum(pair)
        return Usage(**total)


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """What a provider returned for one call."""

    text: str
    finish_reason: str  # stop, length, refusal, content_filter, or the provider's own term
    usage: Usage
    latency_s: float
    model: str  # full name of the model, as the provider reports it
    logprobs: tuple[float, ...] | None = None  # natural log, one per output token
    cost_usd: float | None = None  # None: unknown; 0.0: free
    top_logprobs: tuple[Mapping[str, float], ...] | None = None  # per token: text → natural log; sampled one included
    time_to_first_token_s: float | None = None  # None: not streamed
    cached: bool = False  # from the response cache or a cassette: no model was called
    attempts: int = 1  # requests that were made
    warnings: tuple[str, ...] = ()  # suspicious: another model answered, the prompt was truncated
    batched: bool = False  # through a batch API, at its price; latency_s is that of the whole batch


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One entry of a transcript: role, round, messages and completion."""

    role: str  # the speaker's part in the strategy: agent-1, judge, manager, worker-2, ...
    round: int
    messages: tuple[Message, ...]
    completion: str
    finish_reason: str
    usage: Usage
    latency_s: float
    model: str
    seed: int
    cost_usd: float | None = None
    mean_logprob: float | None = None  # natural log, over the output tokens; None if not reported
    time_to_first_token_s: float | None = None
    cached: bool = False
    attempts: int = 1
    warnings: tuple[str, ...] = ()
    batched: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a strategy returns for one sample."""

    output: str  # the text that is scored
    finish_reason: str = "stop"  # of the call that the output comes from
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
        if self.value is not None and not (math.isfinite(self.value) and 0.0 <= self.value <= 1.0):
            raise ValueError(f"a score lies in [0, 1] or is None (unscored); got {self.value!r}")


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
