"""Texts of a record: what the table previews, what a search looks at, and what is too long for the page."""

from __future__ import annotations

from typing import Any

from ...types import Record

MAX_TEXT = 1_000_000  # characters of one text of a record in the page
MAX_RECORD = 8_000_000  # bytes of one record in the page; its texts are cut shorter until it fits
MAX_SEARCH_TEXT = 1_000_000  # characters per record that a search looks at


def input_text(record: Record) -> str:
    """A sample's input: its text, or the last message of a chat."""
    if isinstance(record.input, str):
        return record.input
    last = record.input[-1] if isinstance(record.input, list | tuple) and record.input else ""
    return str(last.get("content", "")) if isinstance(last, dict) else str(last)


def target_text(target: Any) -> str | None:
    """A sample's target; several accepted answers are joined by ` | `."""
    if target is None or isinstance(target, str):
        return target
    return " | ".join(map(str, target)) if isinstance(target, list | tuple) else str(target)


def prompt_text(record: Record) -> str:
    """The prompt as rendered, or the input if it was not recorded."""
    prompt = "\n".join(str(message.get("content", "")) for message in record.prompt or ())
    return prompt or input_text(record)


def search_text(record: Record) -> str:
    """The lower-case text of a record that a search looks at."""
    parts = (record.sample_id, prompt_text(record), record.output, record.answer, target_text(record.target))
    return "\n".join(part for part in (*parts, record.error) if part)[:MAX_SEARCH_TEXT].lower()


def with_short_texts(value: Any, limit: int, place: str) -> Any:
    """A JSON value whose longer texts are cut to `limit` characters; `place` says where they are whole."""
    if isinstance(value, str) and len(value) > limit:
        return f"{value[:limit]}…\n\n[cut here: {len(value):,} characters; the whole text is in {place}]"
    if isinstance(value, dict):
        return {key: with_short_texts(part, limit, place) for key, part in value.items()}
    return [with_short_texts(part, limit, place) for part in value] if isinstance(value, list) else value
