"""Markdown that fits a limit in bytes: the most important rows are kept, and the others are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

COMMENT_BYTES = 65_536
"""The limit of a comment on GitHub, in characters: as bytes it holds for each way of counting them."""
SUMMARY_BYTES = 1024 * 1024
"""The limit of the summary of one step of GitHub Actions, in bytes. A longer one is not shown at all."""
MIN_BYTES = 8_000
"""Room for the heading with long names and a long address, and for the sentence that counts what was left out."""

_MAX_MISFITS = 1000  # rows in succession that did not fit; after that no text is made to see whether it fits


@dataclass(eq=False, kw_only=True, slots=True)
class Section:
    """Rows between a head and a foot. A section without rows is left out."""

    head: str
    foot: str = "\n"
    rows: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The section as Markdown; empty if it has no rows."""
        lines = "\n".join(self.rows)
        return f"{self.head}{lines}\n{self.foot}" if self.rows else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a section."""

    section: Section
    text: str | Callable[[], str]  # made only if it may fit
    kind: str  # what is counted if it is left out, in the singular, such as `cell`


def fit(start: str, sections: Sequence[Section], rows: Iterable[Row], *, max_bytes: int) -> str:
    """`start` and the sections, filled with as many rows as fit, the most important first.

    The last sentence counts the rows that were left out.
    """
    left_out: Counter[str] = Counter()
    n_misfits = 0
    kinds: set[str] = set()
    room = max_bytes - len(start.encode()) - len(_sentence(left_out, max_bytes).encode())
    for row in rows:
        if row.kind not in kinds:
            kinds.add(row.kind)
            room -= len(f", 1,000,000,000 {row.kind}s")  # for the sentence that counts them
        if callable(row.text) and n_misfits >= _MAX_MISFITS:
            left_out[row.kind] += 1
            continue
        text = row.text() if callable(row.text) else row.text
        size = len(text.encode()) + 1
        if not row.section.rows:
            size += len((row.section.head + row.section.foot).encode())
        if size > room:
            left_out[row.kind] += 1
            n_misfits += 1
            continue
        room -= size
        n_misfits = 0
        row.section.rows.append(text)
    ending = _sentence(left_out, max_bytes) if left_out else ""
    return start + "".join(section.text() for section in sections) + ending


def _sentence(left_out: Counter[str], max_bytes: int) -> str:
    counts = ", ".join(f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in left_out.items())
    return f"Left out to stay within {max_bytes:,} bytes: {counts}.\n"
