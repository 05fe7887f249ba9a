"""A parsed file: its values and the line of each value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import TaskError

FieldPath: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a value: `("samples", 3, "input")`."""

MAX_DEPTH = 50  # nested mappings and lists
MAX_FAULTS = 10  # reported per file; a wrong column name causes one per row


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed values (text, None, `Scalar`, bool, list, dict) and their line numbers, from 1."""

    data: Any
    lines: Mapping[FieldPath, int] = field(default_factory=dict)

    def line(self, field_path: FieldPath) -> int | None:
        """Return the line of a value, or of the closest value that contains it."""
        for end in range(len(field_path), 0, -1):
            if field_path[:end] in self.lines:
                return self.lines[field_path[:end]]
        return self.lines.get(())


def format_path(field_path: FieldPath) -> str:
    """Return a field path as text: `samples[3].input`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in field_path)
    return text.removeprefix(".")


def merge(errors: Iterable[TaskError]) -> TaskError:
    """Return one error at the first error's line, with one line of text per error up to `MAX_FAULTS`."""
    groups: dict[tuple[str, str], list[TaskError]] = {}
    for error in errors:
        groups.setdefault((error.file, error.message), []).append(error)
    unique = [_merge_equal(group) for group in groups.values()]
    first, *rest = unique
    lines = [first.message, *(str(error) for error in rest[: MAX_FAULTS - 1])]
    if len(unique) > MAX_FAULTS:
        lines.append("... and more")
    return TaskError("\n".join(lines), file=first.file, line=first.line, field=first.field)


def _merge_equal(errors: list[TaskError]) -> TaskError:
    """Merge errors with equal messages: a wrong column name is wrong in every row."""
    first, *rest = errors
    if not rest:
        return first
    lines = ", ".join(str(error.line) for error in rest[:5] if error.line is not None)
    more = ", ..." if len(rest) > 5 else ""
    where = f"on lines {lines}{more}" if lines else f"in {len(rest)} more rows"
    return TaskError(f"{first.message} (also {where})", file=first.file, line=first.line, field=first.field)
