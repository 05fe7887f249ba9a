"""The parameters of each API that a request can do without, and what servers call them when they refuse one.

The wordings are those of public reports: vllm#23319 and OpenAI's guide (log-probabilities), smolagents#1671 and
#1893 (`stop`), llm-exe#662 (`json_schema` at DeepSeek), mcpchecker#188 (`seed` at Gemini's compatible endpoint),
togethercomputer/openapi#104 (an integer as `logprobs`), inspect_ai#3263 (the name of the token limit),
litellm#15097 (`temperature` with `top_p` at Anthropic), ollama#14645 and #15260 (`think`).
"""

from __future__ import annotations

from .refusals import Body, Change, OptionalParameter, remove

MAX_ALTERNATIVES = 5
"""Alternatives per token that a server with a lower limit than OpenAI's is asked for."""
_LOGPROBS = r"log_?prob"
_SCHEMA = (
    r"response.?format|json.?schema|json.?mode|structured.?output|guided|grammar|text\.format|output.?format"
    r"|output.?config(?!\.effort)|\bschema\b|json (output|object)"
)
_EFFORT = r"reasoning|effort|think"
_STOP = r"\bstop"
_TOP_P = r"\btop_?p\b"
_MAX_TOKENS = r"max_?(completion_|output_|new_)?tokens"
_BOTH = r"both|together|either|only one"


def _without(name: str, *keys: str, loss: str = "") -> Change:
    """Return the change that leaves a parameter out."""

    def apply(body: Body) -> None:
        remove(body, *keys)

    warning = f"{name} was not sent, because the server refuses it{loss and f': {loss}'}"
    return Change(apply=apply, warning=warning, is_sent=False)


def _optional(name: str, words: str, *keys: str, loss: str = "", keeps_range: bool = False) -> OptionalParameter:
    """Return a parameter that is either sent or left out."""
    return OptionalParameter(
        name=name, keys=keys, words=words, changes=(_without(name, *keys, loss=loss),), keeps_range=keeps_range
    )


def _logprobs(*keys: str) -> OptionalParameter:
    """Return the log-probabilities: fewer alternatives, then Together's integer, then none."""

    def fewer(body: Body) -> None:
        if "top_logprobs" in body:  # not if only those of the output tokens are wanted
            body["top_logprobs"] = min(body["top_logprobs"], MAX_ALTERNATIVES)

    def integer(body: Body) -> None:
        body["logprobs"] = min(body.pop("top_logprobs", 1), MAX_ALTERNATIVES)

    warning = f"the server returns at most {MAX_ALTERNATIVES} alternatives per token"
    changes = [
        Change(apply=fewer, warning=warning, when=r"at most|maxim|max allowed|less than|greater than|between|range"),
        Change(apply=integer, when=r"integer|\bint\b|number"),
        _without("logprobs", *keys, loss="there are no probabilities"),
    ]
    if "logprobs" not in keys:
        del changes[1]
    return OptionalParameter(name="logprobs", keys=keys, words=_LOGPROBS, changes=tuple(changes))


def _top_p(key: str) -> OptionalParameter:
    """Return `top_p`, which yields if the server accepts only one of it and the temperature."""
    return OptionalParameter(
        name="top_p",
        keys=(key,),
        words=_TOP_P,
        changes=(_without("top_p", key),),
        keeps_range=True,
        yields=rf"(?is)(?=.*temperature)(?=.*top_?p)(?=.*({_BOTH}))",
    )


def _swap_limit(body: Body) -> None:
    for name, other in (("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")):
        if name in body:
            body[other] = body.pop(name)
            return


def _think(body: Body) -> None:
    body["think"] = True


_STOP_LOSS = "responses are cut at a stop text here, and tokens after it count"
_SEED_LOSS = "a repeated call may return another text"
_SCHEMA_LOSS = "the response has no fixed format"

CHAT = (
    _logprobs("logprobs", "top_logprobs"),
    _optional("schema", _SCHEMA, "response_format", loss=_SCHEMA_LOSS),
    _optional("stream_options", r"stream_?options|include_usage", "stream_options", loss="tokens may be unknown"),
    _optional("stream", r"\bstream(ing)?\b", "stream", "stream_options", loss="the response came as a whole"),
    _optional("store", r"\bstore\b", "store"),
    _optional("seed", r"\bseed\b", "seed", loss=_SEED_LOSS),
    _optional("reasoning_effort", _EFFORT, "reasoning_effort"),
    _optional("stop", _STOP, "stop", loss=_STOP_LOSS),
    _top_p("top_p"),
    _optional("temperature", "temperature", "temperature", keeps_range=True),
    OptionalParameter(
        name="max_tokens",
        keys=("max_tokens", "max_completion_tokens"),
        words=_MAX_TOKENS,
        changes=(Change(apply=_swap_limit), _without("max_tokens", "max_tokens", "max_completion_tokens")),
        keeps_range=True,
    ),
)
"""The optional parameters of chat completions, at OpenAI and at compatible servers."""

RESPONSES = (
    OptionalParameter(
        name="logprobs",
        keys=("include", "top_logprobs"),
        words=rf"{_LOGPROBS}|\binclude\b",
        changes=(
            *_logprobs("include", "top_logprobs").changes[:1],
            _without("logprobs", "include", "top_logprobs", loss="there are no probabilities"),
        ),
    ),
    _optional("schema", _SCHEMA, "text", "text.format", loss=_SCHEMA_LOSS),
    _optional("stream", r"\bstream(ing)?\b", "stream", loss="the response came as a whole"),
    _optional("store", r"\bstore\b", "store"),
    _optional("reasoning_effort", _EFFORT, "reasoning.effort", "reasoning"),
    _top_p("top_p"),
    _optional("temperature", "temperature", "temperature", keeps_range=True),
    _optional("max_tokens", _MAX_TOKENS, "max_output_tokens", keeps_range=True),
)
"""The optional parameters of OpenAI's responses."""

MESSAGES = (
    _optional("schema", _SCHEMA, "output_config.format", loss=_SCHEMA_LOSS),
    _optional("reasoning_effort", rf"{_EFFORT}|output.?config", "thinking", "output_config.effort"),
    _optional("stream", r"\bstream(ing)?\b", "stream", loss="the response came as a whole"),
    _optional("stop", _STOP, "stop_sequences", loss=_STOP_LOSS),
    _top_p("top_p"),
    _optional("temperature", "temperature", "temperature", keeps_range=True),
    # Required, so an error about it is final, even if it names another parameter too.
    OptionalParameter(name="max_tokens", keys=("max_tokens",), words=_MAX_TOKENS, changes=(), keeps_range=True),
)
"""The optional parameters of Anthropic's messages."""

OLLAMA = (
    _logprobs("logprobs", "top_logprobs"),
    _optional("schema", rf"\bformat\b|{_SCHEMA}", "format", loss=_SCHEMA_LOSS),
    OptionalParameter(
        name="reasoning_effort",
        keys=("think",),
        words="think",
        changes=(
            Change(
                apply=_think, warning="the model has no levels of thinking: it thinks or not", when=r"value|level"
            ),
            _without("reasoning_effort", "think"),
        ),
    ),
    _optional("seed", r"\bseed\b", "options.seed", loss=_SEED_LOSS),
    _optional("stop", _STOP, "options.stop", loss=_STOP_LOSS),
    _top_p("options.top_p"),
    _optional("temperature", "temperature", "options.temperature", keeps_range=True),
)
"""The optional parameters of Ollama's chat."""
