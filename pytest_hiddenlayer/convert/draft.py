"""A task before it is written: the fields of a task file and its samples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..taskfile.document import Document, FieldPath
from ..taskfile.paths import Source
from ..taskfile.validators import check_id
from .files import Files
from .report import MAX_REMARKS, Remark


@dataclass(kw_only=True, slots=True)
class DraftSample:
    """One sample, and the line that it comes from."""

    id: str
    line: int | None
    input: str | list[dict[str, str]]
    target: str | list[str] | None = None
    choices: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    outputs: list[str] | None = None  # recorded answers, one per epoch
    group: str | None = None
    recording: dict[str, Any] | None = None  # recorded samples or rounds, as a row of docs/recordings.md

    def to_json(self) -> dict[str, Any]:
        """Return the row of a data file."""
        values = {
            "target": self.target,
            "choices": self.choices,
            "group": self.group,
            "metadata": self.metadata,
        }
        return {"id": self.id, "input": self.input, **{k: v for k, v in values.items() if v not in (None, [], {})}}


@dataclass(kw_only=True, slots=True)
class Draft:
    """A task to write. `fields` holds those of a task file without `task`, `samples`, `scorers` and `outputs`."""

    name: str
    scorers: list[Any]
    samples: list[DraftSample]
    fields: dict[str, Any] = field(default_factory=dict)
    against: list[dict[str, Any]] | None = (
        None  # outputs {id, output} that `win_rate`, the only scorer, compares with
    )


@dataclass(kw_only=True, slots=True)
class Work:
    """One input file: how its parts are read, and what is said about them."""

    source: Source
    files: Files
    data: Source | None = None  # --data
    columns: Mapping[str, str] = field(default_factory=dict)  # --fields
    scorer: str | None = None  # --scorer, of recordings
    remarks: list[Remark] = field(default_factory=list)
    more_remarks: int = 0
    refused: list[Remark] = field(default_factory=list)

    def left_out(self, message: str, line: int | None = None, *, source: Source | None = None) -> None:
        """Say what the task does not express."""
        self._add(Remark(file=(source or self.source).display_path, line=line, message=message))

    def note(self, message: str, line: int | None = None, *, source: Source | None = None) -> None:
        """Say what was decided; nothing is lost."""
        self._add(Remark(file=(source or self.source).display_path, line=line, message=message, left_out=False))

    def refuse(self, message: str, line: int | None = None, *, source: Source | None = None) -> None:
        """Say why one of the file's tasks is not converted."""
        self.refused.append(Remark(file=(source or self.source).display_path, line=line, message=message))

    def _add(self, remark: Remark) -> None:
        if remark in self.remarks:
            return
        if len(self.remarks) >= MAX_REMARKS:
            self.more_remarks += 1
        else:
            self.remarks.append(remark)


@dataclass(frozen=True, slots=True)
class At:
    """A value of a parsed file with its place: `at["tests"][0]`."""

    document: Document
    value: Any
    path: FieldPath = ()
    source: Source | None = None  # None: the file that is converted

    @property
    def line(self) -> int | None:
        """The line of the value, or of what contains it."""
        return self.document.line(self.path)

    def __getitem__(self, key: str | int) -> At:
        return At(self.document, self.value[key], (*self.path, key), self.source)

    def get(self, key: str) -> At | None:
        """The value of a key; None if it is absent or null, or if this is not a mapping."""
        if not isinstance(self.value, dict) or self.value.get(key) is None:
            return None
        return self[key]

    def items(self) -> list[At]:
        """The entries of a list; a single value is a list of one."""
        if isinstance(self.value, list):
            return [self[index] for index in range(len(self.value))]
        return [self]


def slug(text: str, fallback: str = "task") -> str:
    """Return a task name made of `text`: letters, digits, '.', '_' and '-', at most 80 characters."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:80].rstrip("-._")
    return name or fallback


def is_id(text: str) -> bool:
    """Whether a text can be the id of a sample."""
    try:
        check_id(text)
    except ValueError:
        return False
    return text.isprintable()
