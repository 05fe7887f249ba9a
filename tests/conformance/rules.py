"""What each vendor's family of models refuses, with the vendor's kind of message, and the source of each rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One refusal."""

    breaks: Callable[[Body], bool]
    message: str
    source: str
    param: str | None = None
    code: str | None = None
    status: int = 400


@dataclass(frozen=True, kw_only=True)
class Family:
    """The models of a vendor that follow the same rules."""

    provider: str  # of this package
    rules: tuple[Rule, ...]
    error: Callable[[Rule], Any]  # a rule → the body of the error
    lost: frozenset[str]  # what warnings of a judged task must name


def has(*names: str) -> Callable[[Body], bool]:
    """Return a check for any of these keys."""
    return lambda body: any(body.get(name) is not None for name in names)


def unless(name: str, *values: Any) -> Callable[[Body], bool]:
    """Return a check for a key with another value than these."""
    return lambda body: body.get(name) is not None and body[name] not in values


def above(name: str, most: float) -> Callable[[Body], bool]:
    """Return a check for a number above `most`."""
    return lambda body: (body.get(name) or 0) > most


def json_schema(body: Body) -> bool:
    """Whether a body asks for a schema."""
    return (body.get("response_format") or {}).get("type") == "json_schema"


def openai_error(rule: Rule) -> dict[str, Any]:
    """Return OpenAI's form of an error."""
    error = {"message": rule.message, "type": "invalid_request_error", "param": rule.param, "code": rule.code}
    return {"error": error}


def anthropic_error(rule: Rule) -> dict[str, Any]:
    """Return Anthropic's form of an error."""
    return {"type": "error", "error": {"type": "invalid_request_error", "message": rule.message}, "request_id": "r"}


def gemini_error(rule: Rule) -> list[Any]:
    """Return the form of Gemini's compatible endpoint: a list of one error."""
    return [{"error": {"code": 400, "message": rule.message, "status": "INVALID_ARGUMENT"}}]


def mistral_error(rule: Rule) -> dict[str, Any]:
    """Return Mistral's form: a list of invalid fields."""
    detail = [{"type": "extra_forbidden", "loc": ["body", rule.param], "msg": rule.message, "input": "temperature"}]
    return {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "code": None}


def openrouter_error(rule: Rule) -> dict[str, Any]:
    """Return OpenRouter's form: the error of the provider behind it as text."""
    raw = f'{{"error":{{"message":"{rule.message}"}}}}'
    return {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}}}


def unsupported(name: str, source: str, *, also: str = "") -> Rule:
    """Return OpenAI's refusal of a parameter."""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{also}"
    return Rule(breaks=has(name), message=message, param=name, code="unsupported_parameter", source=source)


def only_default(name: str, source: str) -> Rule:
    """Return OpenAI's refusal of every value but 1."""
    message = (
        f"Unsupported value: '{name}' does not support 0.0 with this model. Only the default (1) value is supported."
    )
    return Rule(breaks=unless(name, 1), message=message, param=name, code="unsupported_value", source=source)


def extra(name: str, source: str) -> Rule:
    """Return Mistral's refusal of a field that it does not know."""
    return Rule(breaks=has(name), message="Extra inputs are not permitted", param=name, status=422, source=source)


TOO_MANY_STOPS = Rule(
    breaks=lambda body: len(body.get("stop") or ()) > 4,
    message="Invalid 'stop': array too long. Expected an array with maximum length 4.",
    param="stop",
    code="array_above_max_length",
    source="openai.types.chat.completion_create_params: up to 4 sequences",
)
TOO_MANY_TOKENS = Rule(
    breaks=above("max_completion_tokens", 128_000),
    message="max_tokens is too large: 200000. This model supports at most 128000 completion tokens.",
    param="max_tokens",
    code="invalid_value",
    source="OpenAI community, 'max_tokens is too large'",
)
LIMIT_NAME = unsupported("max_tokens", "inspect_ai#3263", also=" Use 'max_completion_tokens' instead.")
NO_STOP = unsupported("stop", "smolagents#1671, #1893; openai.types.chat.completion_create_params")
FEW_TOKENS = Rule(
    breaks=lambda body: (body.get("max_output_tokens") or 16) < 16,
    message="Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 5 instead.",
    param="max_output_tokens",
    code="integer_below_min_value",
    source="hindsight#58, new-api#2866",
)
WHITESPACE_STOPS = Rule(
    breaks=lambda body: any(not text.strip() for text in body.get("stop_sequences") or ()),
    message="stop_sequences: each stop sequence must contain non-whitespace",
    source="litellm#3286, cody#3549",
)
HOT = Rule(
    breaks=above("temperature", 1), message="temperature: range: 0..1", source="Anthropic's reference of messages"
)
BLANK = Rule(
    breaks=lambda body: any(not message["content"].strip() for message in body["messages"]),
    message="messages: text content blocks must contain non-whitespace text",
    source="Anthropic's reference of errors",
)
PREFILL = Rule(
    breaks=lambda body: body["messages"][-1]["role"] == "assistant",
    message="This model does not support assistant message prefill. The conversation must end with a user message.",
    source="anthropic.types.message_create_params: prefill",
)
MANY_CLAUDE_TOKENS = Rule(
    breaks=above("max_tokens", 64_000),
    message="max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for this model",
    source="claude-code#23440",
)
DEPRECATED = tuple(
    Rule(
        breaks=has(name),
        message=f"`{name}` is deprecated for this model.",
        source="litellm#15097 and the SDK, whose MessageCreateParams has no sampling parameters",
    )
    for name in ("temperature", "top_p")
)
_CLAUDE = (WHITESPACE_STOPS, HOT, BLANK, MANY_CLAUDE_TOKENS)
_REASONING = (
    unsupported("logprobs", "vllm#23319: gpt-5-mini answers 400; OpenAI's guide to reasoning"),
    unsupported("top_logprobs", "vllm#23319"),
    only_default("temperature", "opencommit#520, openai-python#2072"),
    only_default("top_p", "openai-python#2072"),
    NO_STOP,
    LIMIT_NAME,
)

FAMILIES = {
    "openai plain": Family(
        provider="openai", rules=(TOO_MANY_STOPS, TOO_MANY_TOKENS), error=openai_error, lost=frozenset()
    ),
    "openai effort none": Family(
        provider="openai",
        rules=(NO_STOP, LIMIT_NAME, TOO_MANY_TOKENS),
        error=openai_error,
        lost=frozenset({"stop"}),
    ),
    "openai reasoning": Family(
        provider="openai", rules=_REASONING, error=openai_error, lost=frozenset({"logprobs", "temperature", "stop"})
    ),
    "openai responses reasoning": Family(
        provider="openai_responses",
        rules=(
            unsupported("top_logprobs", "vllm#23319"),
            unsupported("include", "OpenAI's guide to reasoning"),
            only_default("temperature", "openai-python#2072"),
            FEW_TOKENS,
        ),
        error=openai_error,
        lost=frozenset({"logprobs", "temperature"}),
    ),
    "claude 4.5": Family(
        provider="anthropic",
        rules=(
            Rule(
                breaks=lambda body: {"temperature", "top_p"} <= set(body),
                message="`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
                source="litellm#15097",
            ),
            Rule(
                breaks=lambda body: (body.get("thinking") or {}).get("type") == "adaptive",
                message="adaptive thinking is not supported on this model",
                source="anthropic.types.ThinkingConfigAdaptiveParam",
            ),
            Rule(
                breaks=lambda body: "effort" in (body.get("output_config") or {}),
                message="output_config.effort: This model does not support the effort parameter.",
                source="anthropic.types.OutputConfigParam",
            ),
            *_CLAUDE,
        ),
        error=anthropic_error,
        lost=frozenset(),
    ),
    "claude 4.7 and later": Family(
        provider="anthropic",
        rules=(*DEPRECATED, PREFILL, *_CLAUDE),
        error=anthropic_error,
        lost=frozenset({"temperature"}),
    ),
    "claude 5.5": Family(
        provider="anthropic",
        rules=(
            *DEPRECATED,
            PREFILL,
            Rule(
                breaks=lambda body: (body.get("thinking") or {}).get("type") == "enabled",
                message="thinking.type: 'enabled' is not supported for this model. Use 'adaptive' instead.",
                source="anthropic.resources.messages: MODELS_TO_WARN_WITH_THINKING_ENABLED",
            ),
            *_CLAUDE,
        ),
        error=anthropic_error,
        lost=frozenset({"temperature"}),
    ),
    "claude without schema": Family(
        provider="anthropic",
        rules=(
            Rule(
                breaks=has("output_config"),
                message="output_config: Extra inputs are not permitted",
                source="compatible servers that follow API version 2023-06-01",
            ),
        ),
        error=anthropic_error,
        lost=frozenset({"schema"}),
    ),
    "groq": Family(
        provider="openai",
        rules=(
            Rule(
                breaks=has("logprobs", "top_logprobs", "logit_bias"),
                message="`logprobs` is not supported with this model",
                source="Groq's page 'OpenAI compatibility': logprobs are answered with 400",
            ),
            Rule(
                breaks=json_schema,
                message="This model does not support response format `json_schema`.",
                param="response_format",
                source="Groq's page 'Structured outputs'",
            ),
        ),
        error=openai_error,
        lost=frozenset({"logprobs", "schema"}),
    ),
    "deepseek": Family(
        provider="openai",
        rules=(
            Rule(
                breaks=json_schema,
                message="This response_format type is unavailable now",
                code="invalid_request_error",
                source="llm-exe#662",
            ),
        ),
        error=openai_error,
        lost=frozenset({"schema"}),
    ),
    "gemini": Family(
        provider="openai",
        rules=tuple(
            Rule(
                breaks=has(name),
                message=f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.',
                source="mcpchecker#188",
            )
            for name in ("seed", "store", "logprobs", "top_logprobs")
        ),
        error=gemini_error,
        lost=frozenset({"seed", "logprobs"}),
    ),
    "mistral": Family(
        provider="openai",
        rules=tuple(
            extra(name, "Mistral's reference: the seed is `random_seed`; platform-docs-public#7")
            for name in ("seed", "store", "logprobs", "top_logprobs", "stream_options", "max_completion_tokens")
        ),
        error=mistral_error,
        lost=frozenset({"seed", "logprobs"}),
    ),
    "together": Family(
        provider="openai",
        rules=(
            Rule(
                breaks=lambda body: isinstance(body.get("logprobs"), bool) or "top_logprobs" in body,
                message="Input validation error: `logprobs` must be an integer",
                source="togethercomputer/openapi#104",
            ),
        ),
        error=openai_error,
        lost=frozenset(),
    ),
    "vllm": Family(
        provider="openai",
        rules=(
            Rule(
                breaks=above("top_logprobs", 5),
                message="Requested sample logprobs of 20, which is greater than max allowed: 5",
                source="vLLM's option --max-logprobs",
            ),
        ),
        error=openai_error,
        lost=frozenset({"5 alternatives"}),
    ),
    "lm studio": Family(
        provider="openai",
        rules=(
            Rule(
                breaks=lambda body: unless("type", "json_schema", "text")(body.get("response_format") or {}),
                message="'response_format.type' must be 'json_schema' or 'text'",
                source="LM Studio's page 'Structured output'",
            ),
        ),
        error=openai_error,
        lost=frozenset(),
    ),
    "openrouter": Family(
        provider="openai",
        rules=(
            Rule(breaks=has("logprobs"), message="logprobs are not enabled", source="OpenRouter's page 'Errors'"),
            Rule(breaks=has("seed"), message="seed is not a valid field", source="OpenRouter's page 'Parameters'"),
        ),
        error=openrouter_error,
        lost=frozenset({"seed", "logprobs"}),
    ),
    "ollama": Family(
        provider="ollama",
        rules=(
            Rule(
                breaks=has("think"),
                message='"fake-1" does not support thinking',
                source="ormah#35, ollama's server/routes.go",
            ),
            Rule(
                breaks=has("format"),
                message="format is not supported by this model",
                source="ollama#14645, #15260",
            ),
        ),
        error=lambda rule: {"error": rule.message},
        lost=frozenset({"schema"}),
    ),
}
