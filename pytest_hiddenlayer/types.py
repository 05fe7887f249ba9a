"""The house on one page: every noun and the three protocols.

    task file → Task → Sample → Strategy (asks a Model of a Provider) → Transcript
              → Scorer → Score → Record → run log, snapshot, gate, report

Nouns are frozen; `None` means unknown, never 0. Nothing here imports another module of
the package, and nothing here knows pytest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, Protocol, TypeAlias

Outcome: TypeAlias = Literal[
    "correct", "incorrect", "partial", "error", "truncated", "empty", "refused", "unscored", "skipped"
]
OUTCOMES: tuple[Outcome, ...] = Outcome.__args__  # type: ignore[attr-defined]
RECORD_SCHEMA = 2
"""Version of the fields of `Record`, as written to `records.jsonl`."""
SCORED: frozenset[Outcome] = frozenset({"correct", "incorrect", "partial"})
"""The outcomes that enter a mean; all others are counted beside it."""


# ---------------------------------------------------------------- what is asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One chat message."""

    role: str  # system, user or assistant
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationConfig:
    """How a model shall generate; a field that is None is left to the next in precedence."""

    temperature: float | None = None  # 0 is greedy
    top_p: float | None = None  # in (0, 1]
    max_tokens: int | None = None  # new tokens, at least 1
    stop: tuple[str, ...] | None = None  # generation ends before the first of these texts

    def with_defaults(self, other: GenerationConfig) -> GenerationConfig:
        """These parameters, with `other` filling what is None here."""
        return GenerationConfig(
            temperature=other.temperature if self.temperature is None else self.temperature,
            top_p=other.top_p if self.top_p is None else self.top_p,
            max_tokens=other.max_tokens if self.max_tokens is None else self.max_tokens,
            stop=other.stop if self.stop is None else self.stop,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One problem of a task."""

    id: str  # unique in its task; the 0-based row number where the file names none
    input: str | tuple[Message, ...]
    target: str | tuple[str, ...] | None = None  # as written; several: any of them is accepted
    choices: tuple[str, ...] = ()  # texts of A, B, C, ...
    group: str | None = None  # cluster, for error bars
    must_pass: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """All accepted answers; empty where there is no target."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """A registered strategy or scorer by name, with the parameters that were written for it."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One task file, validated; paths resolved, samples loaded."""

    name: str
    path: str  # as shown to people: relative to rootdir where it lies below it
    samples: tuple[Sample, ...]
    scorers: tuple[Spec, ...]  # the first is the headline score
    strategies: tuple[Spec, ...] = (Spec(name="single"),)
    description: str = ""
    prompt: str | None = None  # Jinja2 over the sample's fields; None: the input as it is
    system: str | None = None
    generate: GenerationConfig = GenerationConfig()
    epochs: int = 1
    reducer: str = "mean"
    pass_score: float | None = None  # None: the headline scorer's own
    threshold: float | None = None
    min_scored: float = 0.95  # share of the selected samples
    margin: float = 0.0
    min_effect: float = 0.05
    judge: str | None = None  # PROVIDER[:MODEL]
    outputs: Mapping[str, tuple[str, ...]] | None = None  # sample id → recorded outputs, one an epoch
    tags: tuple[str, ...] = ()
    hash: str = ""  # of everything above that can change an answer or a score


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelName:
    """A model as the user named it: `PROVIDER[:MODEL]`."""

    provider: str
    model: str | None = None  # None: the provider's default model

    def __str__(self) -> str:
        return self.provider if self.model is None else f"{self.provider}:{self.model}"


MODELS = "models"
Models: TypeAlias = Annotated[str, MODELS]
"""A strategy's parameter that names models: `PROVIDER[:MODEL]`, joined by `+`; empty: the candidate alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call to a model, with what a provider may need to know of its purpose."""

    messages: tuple[Message, ...]
    params: GenerationConfig
    seed: int  # in [0, 2**31); derived, differs between samples, epochs, roles and rounds
    role: str = "answer"
    round: int = 0
    sample_id: str = ""
    epoch: int = 1  # from 1
    outputs: tuple[str, ...] | None = None  # what the task recorded for this sample, one an epoch
    schema: Mapping[str, Any] | None = None  # JSON Schema of the answer; providers without `structured` ignore it
    top_logprobs: int = 0  # wanted alternatives for every output token; providers that have none ignore it
    independent: bool = False  # nothing in it comes from an earlier answer of its case: it may go in a batch


# ---------------------------------------------------------------- what comes back


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one or more calls; None where the provider does not tell."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        """The sum; unknown plus known is unknown, except that no call at all adds nothing."""
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
    finish_reason: str  # stop, length, refusal, content_filter, or the provider's own word
    usage: Usage
    latency_s: float
    model: str  # the model that the provider says it used, in full
    logprobs: tuple[float, ...] | None = None  # natural log, one per output token
    cost_usd: float | None = None  # None: unknown; 0.0: free
    top_logprobs: tuple[Mapping[str, float], ...] | None = None  # per token: text → natural log, the taken one's too
    time_to_first_token_s: float | None = None  # None: it was not streamed
    cached: bool = False  # from the response cache or a cassette: nothing was asked
    attempts: int = 1  # requests that it took
    warnings: tuple[str, ...] = ()  # what is odd about it: another model answered, the prompt was cut
    batched: bool = False  # by a batch API, at its price; latency_s is the whole batch's


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One line of a transcript: who asked what in which round, and what came back."""

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
    mean_logprob: float | None = None  # natural log, over the output tokens; None where the provider tells none
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
    outcome: Outcome | None = None  # set where the strategy ended without an answer to score
    error: str | None = None  # why, in one sentence, where outcome is set
    metadata: Mapping[str, Any] = field(default_factory=dict)  # votes, plans, verdicts; plain JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One scorer's verdict on one output."""

    value: float | None  # in [0, 1]; None: unscored, and `explanation` says why
    answer: str | None = None  # what was extracted from the output
    explanation: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)  # what the verdict rests on; plain JSON

    def __post_init__(self) -> None:
        if self.value is not None and not (math.isfinite(self.value) and 0.0 <= self.value <= 1.0):
            raise ValueError(f"a score lies in [0, 1] or is None (unscored); got {self.value!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One sample answered once (one epoch) by one strategy with one model. Plain JSON values only."""

    run_id: str
    key: str  # hash of all that determines the answer and its score
    task: str
    sample_id: str
    epoch: int  # from 1
    strategy: str
    strategy_params: Mapping[str, Any]  # all of them, defaults included
    provider: str
    model: str  # full name
    input: Any  # text, or a list of {role, content}
    target: Any
    output: str | None
    answer: str | None  # the headline scorer's
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
        """The headline score: the first scorer's value; None when it is not scored."""
        if self.outcome not in SCORED or not self.scores:
            return None
        value: float | None = next(iter(self.scores.values()))["value"]
        return value

    @property
    def cell(self) -> tuple[str, str, str, str]:
        """(task, strategy label, provider, model slug): what it is averaged and gated with."""
        return (self.task, self.label, self.provider, self.slug)

    def to_json(self) -> dict[str, Any]:
        """All fields by name; they are plain JSON values already, and are not copied."""
        return {name: getattr(self, name) for name in _RECORD}


_RECORD = tuple(f.name for f in fields(Record))


# ---------------------------------------------------------------- the three protocols


class Provider(Protocol):
    """Answers calls for one model; opened once a session, used concurrently.

    A factory takes `model`, and `base_url` if it speaks to a server of the user's choice; with
    `send_key=False`, which goes with a URL from an ini file, it sends that server no key of the
    environment. What else the engine reads of a provider, where it is there:

    endpoint      text that tells servers apart in caches; default ""
    fingerprint   of the weights, where there is no server: tells models of one name apart in caches
    price_list    the provider's id in genai-prices; without it a call costs what its completion says
    at_once       (calls in flight to begin with, most calls in flight)
    structured    whether `Request.schema` is honoured
    seeded        whether the same seed gives the same text
    attempt_s     seconds that one attempt may take; None: as long as it takes
    batches       what speaks to its server's batch API (providers/batching.py), for --hl-batch
    check         classmethod(model): raises UsageError for a model that cannot be meant; opens nothing
    loads_files   classmethod(model): whether it loads files that may be anybody's; such a model is taken from a
                  task file only with --hl-allow-task-models
    """

    @property
    def model(self) -> str:
        """Full name of the model that answers."""
        ...

    async def complete(self, request: Request) -> Completion:
        """One completion by one attempt. Raises ProviderError; TransientError where asking again may help."""
        ...

    async def close(self) -> None:
        """Release what was opened."""
        ...


class Ask(Protocol):
    """One model call on a strategy's or scorer's behalf; it is logged into the transcript."""

    async def __call__(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        defaults: GenerationConfig = GenerationConfig(),
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """The completion; `defaults` fill what nobody else set.

        `judge=True` asks the run's judge, a text `PROVIDER[:MODEL]` that model; `schema` and
        `top_logprobs` are wishes that a provider may not be able to fulfil.
        """
        ...


class AskModel(Protocol):
    """A strategy's call, which may also go to a model that one of its parameters names."""

    async def __call__(
        self,
        prompt: str | Sequence[Message],
        *,
        role: str,
        round: int = 0,
        judge: bool | str = False,
        model: str = "",
        defaults: GenerationConfig = GenerationConfig(),
        schema: Mapping[str, Any] | None = None,
        top_logprobs: int = 0,
    ) -> Completion:
        """As `Ask`; `model` is one of a `Models` parameter, empty for the candidate."""
        ...


class Context(Protocol):
    """What a strategy gets for one sample."""

    sample: Sample
    prompt: str  # the rendered prompt, without system message
    messages: tuple[Message, ...]  # the same as chat, system message first
    ask: AskModel

    def parse(self, text: str) -> str | None:
        """The answer that the headline scorer reads in `text`, in canonical form; None where there is none."""
        ...


class Strategy(Protocol):
    """A coroutine that answers one sample with one or more calls; its keyword-only arguments are its parameters."""

    async def __call__(self, context: Context, **params: Any) -> Answer: ...


class Scorer(Protocol):
    """Turns an output and a target into a Score."""

    @property
    def name(self) -> str:
        """As registered."""
        ...

    @property
    def version(self) -> str:
        """Raised whenever the same output could score differently."""
        ...

    @property
    def pass_score(self) -> float:
        """What counts as right: 1.0 for matches, 0.5 for graded scores."""
        ...

    @property
    def needs_target(self) -> bool:
        """Whether a sample without target is unscored."""
        ...

    def parse(self, output: str, sample: Sample) -> str | None:
        """The answer in `output` in canonical form (equal answers are equal strings), or None."""
        ...

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The score; an unscorable output has value None and says why, it is never 0."""
        ...
