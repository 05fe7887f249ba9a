"""Chat messages of other tools as ours: roles system, user and assistant, and text only."""

from __future__ import annotations

from typing import Any

from .files import text_of

ROLES = {"system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant"}
_NAMED = {"example_user": "user", "example_assistant": "assistant"}


def read_messages(value: Any) -> list[dict[str, str]]:
    """Return chat messages. Raises ValueError with what cannot be expressed: images, tools, other roles."""
    if not isinstance(value, list) or not value:
        raise ValueError("has no chat messages")
    return [_message(message) for message in value]


def _message(message: Any) -> dict[str, str]:
    if not isinstance(message, dict):
        raise ValueError("has a chat message that is not a mapping")
    role, name = text_of(message.get("role")) or "", text_of(message.get("name"))
    if message.get("tool_calls") or role in ("tool", "function"):
        raise ValueError("has calls of tools")
    if role not in ROLES:
        raise ValueError(f"has a message of the role {role!r}")
    return {"role": _NAMED.get(name or "", ROLES[role]), "content": content_text(message.get("content"))}


def content_text(content: Any) -> str:
    """Return the text of a message's content. Raises ValueError for parts that are not text."""
    text = text_of(content)
    if text is not None:
        return text
    if not isinstance(content, list):
        raise ValueError("has a message without text")
    texts = []
    for part in content:
        kind = text_of(part.get("type")) if isinstance(part, dict) else None
        if kind == "reasoning":
            continue
        text = text_of(part.get("text")) if isinstance(part, dict) else text_of(part)
        if text is None or kind not in (None, "text"):
            raise ValueError(f"has {kind or 'a part'} in a message, not only text")
        texts.append(text)
    return "\n".join(texts)
