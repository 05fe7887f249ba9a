"""Debates as tables for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...report.markdown.text import code, table_head, table_row
from ...report.text_table import grid
from ...terminal_escape import one_line
from .analysis import CellDebates
from .tables.formats import Section
from .tables.sections import introduction, sections_of


def debates_text(cells: Sequence[CellDebates], *, width: int, colour: bool) -> str:
    """Returns the tables of every cell for a terminal, which wraps a table wider than `width`."""
    blocks = []
    for cell in cells:
        lines = [_name(cell), *introduction(cell)]
        for section in map(_known, sections_of(cell)):
            lines += ["", section.title, _grid(section, width, colour), *map(one_line, section.notes)]
        blocks.append("".join(f"{line}\n" for line in lines))
    return "\n".join(blocks)


def debates_markdown(cells: Sequence[CellDebates]) -> str:
    """Returns the tables of every cell as Markdown."""
    blocks = []
    for cell in cells:
        lines = [
            f"## {code(_name(cell), limit=400)}",
            "",
            *(f"- {code(line, limit=400)}" for line in introduction(cell)),
        ]
        for section in map(_known, sections_of(cell)):
            lines += ["", f"### {section.title}", "", _table(section), *_list(section.notes)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _list(notes: Sequence[str]) -> list[str]:
    return ["", *(f"- {note}" for note in notes)] if notes else []


def _name(cell: CellDebates) -> str:
    task, label, provider, slug = cell.key
    return one_line(f"{task} · {label} · {provider} {slug}".rstrip())


def _known(section: Section) -> Section:
    """The section without the columns in which nothing is known."""
    kept = [
        at
        for at in range(len(section.headers))
        if at < section.n_names or not section.rows or any(row[at] != "?" for row in section.rows)
    ]
    return replace(
        section,
        headers=tuple(section.headers[at] for at in kept),
        rows=[tuple(row[at] for at in kept) for row in section.rows],
    )


def _grid(section: Section, width: int, colour: bool) -> str:
    right = frozenset(section.headers[section.n_names :])
    return grid(section.headers, section.rows, width=width, colour=colour, right=right)


def _table(section: Section) -> str:
    literal = {at for at, header in enumerate(section.headers) if header in section.data}
    rows = [
        table_row(tuple(code(value) if at in literal and value else value for at, value in enumerate(row)))
        for row in section.rows
    ]
    return table_head(section.headers) + "\n".join(rows)
