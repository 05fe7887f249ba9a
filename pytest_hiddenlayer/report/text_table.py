"""Tables of text for a terminal."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence

from ..terminal_escape import visible


def grid(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    colour: bool,
    right: Collection[str] = (),
    fold: Collection[str] = (),
    styles: Sequence[str] = (),
) -> str:
    """The table as text without a final newline; empty if it has no rows.

    No value is cut: the terminal wraps a table wider than `width`. Columns named in
    `right` are aligned right, those in `fold` may break over several lines (down to 16 characters).
    `styles` are rich styles of each row's last value.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return ""
    table = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for name in headers:
        table.add_column(
            Text(visible(name)),
            justify="right" if name in right else "left",
            no_wrap=name not in fold,
            overflow="fold",
        )
    for number, row in enumerate(rows):
        cells = [Text(visible(value)) for value in row]
        cells[-1].stylize(styles[number] if colour and styles else "")
        table.add_row(*cells)
    out = io.StringIO()
    table_width = max(width, _needed_width(headers, rows, fold))
    Console(
        force_jupyter=False,  # in a notebook, rich would show the table instead of writing it
        file=out,
        width=table_width,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
    ).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _needed_width(headers: Sequence[str], rows: Sequence[Sequence[str]], fold: Collection[str]) -> int:
    """The width in columns that the table needs so that rich cuts no value."""
    from rich.cells import cell_len

    columns = zip(headers, *rows, strict=True)
    return sum(
        16
        if column[0] in fold
        else 2 + max(cell_len(line) for value in column for line in visible(value).split("\n"))
        for column in columns
    )
