"""Rows of text under headers, for a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence


def grid(headers: Sequence[str], rows: Sequence[Sequence[str]], *, width: int, colour: bool) -> str:
    """The table, empty without rows; one that is wider than `width` is folded by the terminal, never cut."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return ""
    table = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for name in headers:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    needed = sum(2 + max(map(cell_len, column)) for column in zip(headers, *rows, strict=True))
    out = io.StringIO()
    console = Console(
        file=out, width=max(width, needed), force_terminal=colour, no_color=not colour, legacy_windows=False
    )
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
