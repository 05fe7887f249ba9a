"""Messages of a strategy's requests: one request, and further turns of a chat."""

from __future__ import annotations

from collections.abc import Sequence

from ..protocols import Context
from ..types import Message


def request(context: Context, text: str) -> tuple[Message, ...]:
    """Returns a user message after the task's system message, if it has one."""
    return (*system_messages(context), Message(role="user", content=text))


def continued(messages: Sequence[Message], reply: str, text: str) -> tuple[Message, ...]:
    """Returns a chat with the model's reply and the next user message."""
    return (*messages, Message(role="assistant", content=reply), Message(role="user", content=text))


def system_messages(context: Context) -> tuple[Message, ...]:
    """Returns the task's system message, or nothing."""
    return tuple(message for message in context.messages if message.role == "system")
