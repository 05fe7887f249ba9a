"""The fields of a harness task: its YAML with all includes."""

from __future__ import annotations

from typing import Any

from ...errors import TaskError, shorten
from ...taskfile.paths import Source
from ...taskfile.yaml_source import Tagged
from ..draft import At, Work
from ..files import MAX_INCLUDES, text_of


class Config:
    """The fields of a task, each with the file and line that set it: the including file's over the included one's."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.fields: dict[str, tuple[At, Source]] = {}

    def add(self, source: Source, depth: int = 0) -> None:
        """Add the fields of a file and of those that it includes. Raises TaskError for a file that cannot be read."""
        document = self.work.files.document(source)
        if not isinstance(document.data, dict):
            raise source.error("is not a mapping of fields")
        top = At(document, document.data)
        included = top.get("include")
        for item in reversed(included.items() if included is not None else []):
            name = text_of(item.value)
            if depth >= MAX_INCLUDES:
                raise source.error(f"includes more than {MAX_INCLUDES} files in each other", line=item.line)
            self.add(self.work.files.resolve(source, name or "", line=item.line, part=False), depth + 1)
        self.fields |= {key: (top[key], source) for key in document.data if key != "include"}

    def get(self, key: str) -> At | None:
        """The value of a field; None if it is absent or null."""
        at, _ = self.fields.get(key, (None, None))
        return at if at is not None and at.value is not None else None

    def text(self, key: str) -> str | None:
        """The text of a field; None if it is absent. Raises TaskError for Python code and other values."""
        at = self.get(key)
        if at is None:
            return None
        text = text_of(at.value)
        if text is None:
            raise self.error(key, f"{key} is {described(at.value)}, which is not converted")
        return text

    def error(self, key: str, message: str) -> TaskError:
        """Return the error of a field, at the line that sets it."""
        at, source = self.fields[key]
        return source.error(message, line=at.line)

    def left_out(self, key: str, message: str) -> None:
        """Say what of a field is left out."""
        at, source = self.fields[key]
        self.work.left_out(message, at.line, source=source)


def described(value: Any) -> str:
    """Return what a value is, for a message."""
    if isinstance(value, Tagged):
        return f"Python code ({value.tag} {shorten(value.text)})"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "no text"
