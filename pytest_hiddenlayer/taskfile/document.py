"""A parsed file: its values, and the line on which each of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import TaskError

Field: TypeAlias = tuple[str | int, ...]
"""Where a value stands: `("samples", 3, "input")`."""

MAX_DEPTH = 50  # mappings and lists inside each other
MAX_FAULTS = 10  # shown of one file; a wrong column name would give one a row


@dataclass(frozen=True, slots=True)
class Document:
    """Values as parsed (text, None, `Scalar`, bool, list, dict), and their lines from 1."""

    data: Any
    lines: Mapping[Field, int] = field(default_factory=dict)

    def line(self, place: Field) -> int | None:
        """The line of a value, or of the nearest value around it."""
        for end in range(len(place), 0, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return self.lines.get(())


def format_path(place: Field) -> str:
    """A place as people write it: `samples[3].input`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def merge(errors: Iterable[TaskError]) -> TaskError:
    """One error for all: the first one's place, and a line for each of the others up to `MAX_FAULTS`."""
    alike: dict[tuple[str, str], list[TaskError]] = {}
    for error in errors:
        alike.setdefault((error.file, error.message), []).append(error)
    told = [_tell(group) for group in alike.values()]
    first, *others = told
    lines = [first.message, *(str(error) for error in others[: MAX_FAULTS - 1])]
    if len(told) > MAX_FAULTS:
        lines.append("... and more")
    return TaskError("\n".join(lines), file=first.file, line=first.line, field=first.field)


def _tell(alike: list[TaskError]) -> TaskError:
    """One error for all that say the same: a wrong column name is wrong in every row."""
    first, *others = alike
    if not others:
        return first
    lines = ", ".join(str(error.line) for error in others[:5] if error.line is not None)
    more = ", ..." if len(others) > 5 else ""
    where = f"on lines {lines}{more}" if lines else f"in {len(others)} more rows"
    return TaskError(f"{first.message} (also {where})", file=first.file, line=first.line, field=first.field)
