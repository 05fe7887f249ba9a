"""Leaderboards as text for a terminal, and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...report.markdown.text import cell
from ...report.text_table import grid
from ...terminal_escape import one_line
from .leaderboard import Leaderboard
from .tables import LEFT, UNIT_NAMES, Table, counted, debates_table, differences_table, notes, scores_table

EXPLANATION = (
    "scores and differences have 95 % intervals, paired by sample; p-values, improved and regressed are adjusted by "
    "Holm over all comparisons, same is not; rows in brackets are votes of plain samples; seconds: while other "
    "answers are in flight; debates: right answers after each step, changes of agents; `hiddenlayer rounds RUN` "
    "shows each in full"
)
_MARK = re.compile("-+:?")


def leaderboards_text(boards: Sequence[Leaderboard], *, width: int, colour: bool) -> str:
    """Returns the leaderboards with their comparisons and notes, for a terminal."""
    parts: list[str] = []
    for board in boards:
        parts += [_title(board), _grid(scores_table(board), width, colour), ""]
        headers, rows = differences_table(board)
        if rows:
            parts += [_grid((headers, rows), width, colour), ""]
        if (debates := debates_table(board))[1]:
            parts += [_grid(debates, width, colour), ""]
        parts += map(one_line, notes(board))
        parts.append("")
    return "\n".join([*parts, EXPLANATION]) + "\n"


def leaderboards_markdown(boards: Sequence[Leaderboard]) -> str:
    """Returns the leaderboards as a Markdown document."""
    parts = ["# Strategies compared", ""]
    for board in boards:
        headers, rows = differences_table(board)
        parts += [f"## {markdown_cell(_title(board))}", "", markdown_table(scores_table(board)), ""]
        parts += ["### Differences", "", markdown_table((headers, rows)), ""] if rows else []
        parts += ["### Debates", "", markdown_table(debates), ""] if (debates := debates_table(board))[1] else []
        parts += [f"- {markdown_cell(one_line(note))}" for note in notes(board)]
        parts.append("")
    return "\n".join([*parts, EXPLANATION[0].upper() + EXPLANATION[1:] + "."]) + "\n"


def markdown_table(table: Table) -> str:
    """Returns a table of Markdown."""
    headers, rows = table
    marks = ["---" if header in LEFT else "---:" for header in headers]
    return "\n".join(f"| {' | '.join(map(markdown_cell, row))} |" for row in (headers, marks, *rows))


def markdown_cell(text: str) -> str:
    """Returns text that stays in its cell and starts no markup: as code, unless it is numbers and plain words."""
    return text if _MARK.fullmatch(text) else cell(text, limit=600)


def _title(board: Leaderboard) -> str:
    model = f"{board.provider} {board.slug}".rstrip()
    return f"{board.task} · {model} · {counted(board.samples, 'sample')} · matched {UNIT_NAMES[board.unit]}"


def _grid(table: Table, width: int, colour: bool) -> str:
    headers, rows = table
    return grid(headers, rows, width=width, colour=colour, right=_right(headers))


def _right(headers: Iterable[str]) -> frozenset[str]:
    return frozenset(headers) - LEFT
