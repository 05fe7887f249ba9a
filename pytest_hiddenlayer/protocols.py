"""The interfaces of providers, strategies and scorers, and what a provider declares about itself.

Imports `types` and `batch_api` only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .batch_api import BatchApi
from .types import Answer, Completion, GenerationConfig, Message, Request, Sample, Score


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderCapabilities:
    """What an open provider can do. The defaults hold for a provider without `capabilities`."""

    endpoint: str = ""  # URL of the server; distinguishes servers in caches
    fingerprint: str = ""  # of the weights; distinguishes models of one name in caches
    price_list: str | None = None  # the provider's id in genai-prices; None: a call costs what its completion says
    max_tokens: int | None = None  # new tokens of a call whose request sets no limit; None: unknown
    min_tokens: int = 1  # the least limit of new tokens that a call has, whatever its request sets
    concurrency: tuple[int, int] = (20, 200)  # calls in flight: (initial, maximum)
    timeout_s: float | None = 300.0  # per attempt; None: no limit
    deterministic: bool = False  # the same seed returns the same text
    supports_json_schema: bool = False  # `Request.schema` is honoured
    batch_api: BatchApi | None = None  # for --hl-batch


class Provider(Protocol):
    """Answers calls for one model. Opened once per session and used concurrently.

    The registered factory takes `model`. It takes `base_url` if the user may choose the server,
    and then also `send_key`: with `send_key=False`, which goes with a URL from an ini file, it
    sends that server no key from the environment. It takes `local_models`, a `LocalModels`, if it
    holds weights in this process. A provider may have

    - an attribute `capabilities`, a `ProviderCapabilities`;
    - a method `close` (see `ClosableProvider`);
    - a writable attribute `stream` (see `StreamingProvider`);
    - class attributes that are read before it is opened (see `FactoryTraits`).
    """

    @property
    def model(self) -> str:
        """Full name of the model that answers."""
        ...

    async def complete(self, request: Request) -> Completion:
        """Return one completion, by one attempt. Raises ProviderError; TransientError if a retry may help."""
        ...


@runtime_checkable
class ClosableProvider(Protocol):
    """A provider with something to release at the end of a run."""

    def close(self) -> Awaitable[None] | None:
        """Release what was opened; a coroutine or a function."""
        ...


async def close_provider(provider: Provider) -> None:
    """Close the provider, if it has a method `close`."""
    if isinstance(provider, ClosableProvider):
        closing = provider.close()
        if closing is not None:
            await closing


@runtime_checkable
class StreamingProvider(Protocol):
    """A provider that streams its answers if `stream` is true, so that the time to the first token is known."""

    stream: bool


def capabilities_of(provider: Provider) -> ProviderCapabilities:
    """The provider's `capabilities`; the defaults if it declares none."""
    declared = getattr(provider, "capabilities", None)
    return declared if isinstance(declared, ProviderCapabilities) else ProviderCapabilities()


@dataclass(frozen=True, kw_only=True, slots=True)
class FactoryTraits:
    """What is known about a provider before it is opened: optional class attributes of its factory."""

    default_model: str | None = None
    single_only: bool = False  # only the strategy `single` can use its answers
    check: Callable[[str | None], None] = lambda model: None  # raises UsageError for an invalid model; opens nothing
    with_adapter: Callable[[str | None, str], str] | None = None
    """The name of a model with an adapter: (model, adapter) → model. None: the provider has no adapters."""
    prompt_set: Callable[[str | None], str] = lambda model: ""
    """The set of strategies' prompts that the model was trained on; empty: the general set."""
    loads_files: Callable[[str | None], bool] = lambda model: False
    """Whether the model's files may come from an untrusted source. A task file may name such a model only with
    --hl-allow-task-models."""
    local: bool = False
    """Whether the model runs on the computer that calls it, from weights or a server there: each host has its own."""


def traits_of(factory: Callable[..., Any]) -> FactoryTraits:
    """The traits that a provider's factory declares; the defaults for all others."""
    names = ("default_model", "single_only", "check", "with_adapter", "prompt_set", "loads_files", "local")
    return FactoryTraits(**{name: getattr(factory, name) for name in names if hasattr(factory, name)})


class Ask(Protocol):
    """One model call by a scorer; it is logged into the transcript."""

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
        """Return the completion. `defaults` apply to parameters that nothing else sets.

        `judge=True` calls the run's judge; a string `PROVIDER[:MODEL]` calls that model. A provider may
        ignore `schema` and `top_logprobs`.
        """
        ...


class AskModel(Protocol):
    """One model call by a strategy: as `Ask`, and it may go to a model that a parameter names."""

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
        """Return the completion. `model` is one name of a `Models` parameter; empty: the candidate."""
        ...


class Render(Protocol):
    """Returns the text of a prompt file, as `Context.render` does."""

    def __call__(self, prompt: str, /, *, judge: bool | str = False, **values: Any) -> str:
        """Return the prompt with its variables filled in. Raises UsageError."""
        ...


class Context(Protocol):
    """What a strategy receives for one sample."""

    sample: Sample  # without its target
    prompt: str  # the rendered prompt, without system message
    messages: tuple[Message, ...]  # the same as chat messages, system message first
    ask: AskModel

    @property
    def seed(self) -> int:
        """The seed of the strategy's own random choices; it depends on the run's seed, the sample and the epoch."""
        ...

    def parse(self, text: str) -> str | None:
        """The answer that the headline scorer extracts from `text`, in canonical form; None if there is none."""
        ...

    def render(self, prompt: str, /, *, model: str = "", judge: bool | str = False, **values: Any) -> str:
        """The text of a prompt file, such as `debate/reconsider`, with its variables filled in.

        It is worded for the model that `model` or `judge` mean, as in `ask`. Raises UsageError if there is
        no such prompt, or if it does not render.
        """
        ...

    async def feedback(self, text: str, scorer: str) -> Score:
        """The score of `text` by one of the task's scorers that needs no target; it sees none.

        `scorer` is the name that the task gives the scores. Raises UsageError if the task has no such scorer.
        """
        ...


class Strategy(Protocol):
    """A coroutine that answers one sample with one or more calls; its keyword-only arguments are its parameters."""

    async def __call__(self, context: Context, **params: Any) -> Answer: ...


class Scorer(Protocol):
    """Turns an output and a target into a Score."""

    @property
    def name(self) -> str:
        """The registered name."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same output could be scored differently."""
        ...

    @property
    def pass_score(self) -> float:
        """The lowest score that counts as correct: 1.0 for matches, 0.5 for graded scores."""
        ...

    @property
    def needs_target(self) -> bool:
        """Whether a sample without target is unscored."""
        ...

    def parse(self, output: str, sample: Sample) -> str | None:
        """The answer in `output` in canonical form (equal answers are equal strings), or None.

        `sample` has no target: a parser that knew it would turn a vote into pass@n.
        """
        ...

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Return the score. If `output` cannot be scored, its value is None, never 0, and `explanation` says why."""
        ...
