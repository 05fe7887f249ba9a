"""Checks what a strategy or a scorer passes to `ask`, before a model is called or a record is made of it."""

from __future__ import annotations

from collections.abc import Mapping

from ...extensions.values import shown, text_of
from ...types import GenerationConfig, Message


def check_call(role: object, round: object, schema: object, top_logprobs: object, params: object) -> None:
    """Raise TypeError if no request can be made of these arguments, or if no one could read its record."""
    if not isinstance(role, str) or type(round) is not int or round < 0:
        raise TypeError(
            "ask: role must be a text such as 'agent-1', and round a whole number of at least 0, "
            f"got role={shown(role)}, round={shown(round)}"
        )
    if not isinstance(schema, Mapping | None) or type(top_logprobs) is not int or top_logprobs < 0:
        raise TypeError(
            "ask: schema must be a mapping or None, and top_logprobs a whole number of at least 0, "
            f"got schema={shown(schema)}, top_logprobs={shown(top_logprobs)}"
        )
    if not isinstance(params, GenerationConfig):
        raise TypeError(f"ask: defaults must be a GenerationConfig, got {shown(params)}")


def check_models(model: object, judge: object) -> None:
    """Raise TypeError if these cannot name the model to ask."""
    if type(model) is not str or type(judge) not in (bool, str):
        raise TypeError(
            "ask: model must be a text, and judge True, False or a text, "
            f"got model={shown(model)}, judge={shown(judge)}"
        )


def prompt_messages(prompt: object) -> tuple[Message, ...]:
    """Return a prompt as messages. Raises TypeError if it is neither a text nor a list or tuple of messages."""
    if isinstance(prompt, str):
        return (Message(role="user", content=text_of(prompt)),)
    if not isinstance(prompt, list | tuple) or not all(map(_is_message, prompt)):
        raise TypeError(f"ask: the prompt must be a text or a list of Messages with texts, got {shown(prompt)}")
    return tuple(prompt)


def _is_message(message: object) -> bool:
    return isinstance(message, Message) and type(message.role) is str and type(message.content) is str
