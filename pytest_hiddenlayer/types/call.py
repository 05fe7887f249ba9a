"""One call of a model: request, completion, usage, and its entry in a transcript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .recording import RecordedAnswer
from .task import GenerationConfig, Message


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
    recorded: RecordedAnswer | None = None  # recorded by the task for this sample, role and round
    schema: Mapping[str, Any] | None = None  # JSON Schema of the answer; providers without support ignore it
    top_logprobs: int = 0  # requested alternatives per output token; providers without support ignore it
    token_logprobs: bool = False  # the text and log-probability of every output token are wanted
    token_entropies: bool = False  # the entropy of every output token is wanted; providers without support ignore it
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
    finish_reason: str  # stop, length, refusal, content_filter, or the provider's own term in lower case: not scored
    usage: Usage
    latency_s: float
    model: str  # full name of the model, as the provider reports it
    logprobs: tuple[float, ...] | None = None  # natural log, one per output token
    cost_usd: float | None = None  # None: unknown; 0.0: free
    token_texts: tuple[str, ...] | None = (
        None  # one per value of `logprobs`, if the request asks; see docs/providers.md
    )
    top_logprobs: tuple[Mapping[str, float], ...] | None = None  # per token: text → natural log; sampled one included
    entropies: tuple[float, ...] | None = None  # nat, per value of `logprobs`, over the whole vocabulary
    time_to_first_token_s: float | None = None  # None: not streamed
    cached: bool = False  # from the response cache or a cassette: no model was called
    attempts: int = 1  # requests that were made
    warnings: tuple[str, ...] = ()  # suspicious: another model answered, the prompt was truncated
    batched: bool = False  # through a batch API, at its price; latency_s is that of the whole batch
    reasoning: str | None = None  # what the model thought before `text`, if the provider reports it apart
    not_sent: tuple[str, ...] = ()  # parameters of the request that the server refuses; `warnings` name them too
    price_unknown: str = ""  # why the listed price is not that of this call, as "served at the tier 'priority'"


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
    reasoning: str | None = None  # what the model thought before `completion`
    token_logprobs: tuple[tuple[str, float | None], ...] | None = None  # (text, natural log) per output token; kept
    # only under --hl-token-logprobs; None for a probability of 0
    confidence: Mapping[str, float] | None = None  # measure → value, see `token_measures`; only under --hl-confidence
