"""What a user writes: messages, generation parameters, samples, tasks and names of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeAlias

from .recording import Recording

REASONING_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
MAX_EPOCHS = 10_000
"""The highest number of repetitions of a sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One chat message."""

    role: str  # system, user or assistant
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationConfig:
    """Generation parameters; a field that is None is set by the source that is next in precedence.

    A parameter that no source sets is not sent.
    """

    temperature: float | None = None  # 0 is greedy
    top_p: float | None = None  # in (0, 1]
    max_tokens: int | None = None  # new tokens, at least 1
    stop: tuple[str, ...] | None = None  # generation ends before the first of these strings
    reasoning_effort: str | None = None  # one of REASONING_EFFORTS
    omitted: tuple[str, ...] = ()  # parameters that no source of lower precedence may set: `null` in a task file

    def with_defaults(self, defaults: GenerationConfig) -> GenerationConfig:
        """These parameters, with each None replaced by the value in `defaults`, unless it is omitted."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _PARAMETERS}
        inherited = [name for name, value in values.items() if value is None and name not in self.omitted]
        values |= {name: getattr(defaults, name) for name in inherited}
        omitted = {name for name in (*self.omitted, *defaults.omitted) if values[name] is None}
        return GenerationConfig(**values, omitted=tuple(sorted(omitted)))


_PARAMETERS = ("temperature", "top_p", "max_tokens", "stop", "reasoning_effort")


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
    prompt: tuple[Message, ...] = ()  # the messages as rendered, for scorers; empty if they are not rendered yet
    location: str = field(default="", compare=False)  # file:line of its row, or the file if the line is unknown
    recording: Recording | None = (
        None  # from the task's `outputs`: rounds or samples that the strategy `recorded` repeats
    )

    @property
    def targets(self) -> tuple[str, ...]:
        """All accepted answers; empty if there is no target."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target

    def without_target(self) -> Sample:
        """Returns the sample as strategies and parsers see it: they must not know the correct answer."""
        metadata = {key: value for key, value in self.metadata.items() if key != "target"}
        recording = None if self.recording is None else self.recording.without_verdicts()
        return replace(self, target=None, metadata=metadata, recording=recording)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """The name of a registered strategy or scorer, with the parameters that the user wrote."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    preset: str = ""  # of a strategy: the preset that it was written as; empty: none
    label: str = ""  # of a scorer: what the task calls its scores; empty: the scorer's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One validated task file, with paths resolved and samples loaded."""

    name: str
    path: str  # as displayed: relative to rootdir if it is inside it
    samples: Sequence[Sample]  # in memory a tuple; of a large data file they are read from disk
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
    expect: Mapping[str, str] = field(default_factory=dict)  # metric of calibration → bound; `measure` → its name
    judge: str | None = None  # PROVIDER[:MODEL]
    outputs: Mapping[str, tuple[str, ...]] | None = None  # sample id → recorded outputs, one per epoch
    tags: tuple[str, ...] = ()
    reasoning: str = "strip"  # or "keep": what happens to reasoning inside an answer before it is scored
    hash: str = ""  # of every field above that can change an answer or a score
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """Lines of the fields, such as `strategies[0].debate.n_agents`, for errors that are found after loading."""


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

FEEDBACK = "feedback"
FeedbackScorer: TypeAlias = Annotated[str, FEEDBACK]
"""Type of a strategy parameter that names a score of the task that needs no target; empty: none.

The name is checked before anything is asked. The strategy gets scores by `Context.feedback`.
"""
