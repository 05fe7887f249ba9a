"""The standings of a tournament for a terminal: the table, the win rates, and what to beware of."""

from __future__ import annotations

import io
from collections.abc import Sequence

from ...terminal_escape import one_line
from .leaderboard import Standing, Standings


def standings_text(found: Standings, *, width: int, colour: bool) -> str:
    """Table, win rates and statements; wider than `width` rather than that a figure is cut."""
    from rich.console import Console

    out = io.StringIO()
    headers, rows = _headers(found), [_row(found, row) for row in found.players]
    rates = [_rates(found, at) for at in range(len(found.players))]
    columns = ["win rate (n)", *(f"{at}" for at in range(1, len(rates) + 1))]
    wide = max(width, _needed(headers, rows), _needed(columns, rates))
    console = Console(file=out, width=wide, force_terminal=colour, no_color=not colour, legacy_windows=False)
    console.print(_table(headers, rows, colour))
    console.print()
    console.print(_table(columns, rates, colour))
    console.print()
    for line in _lines(found):
        console.print(one_line(line), markup=False, highlight=False, soft_wrap=True)
    return out.getvalue()


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], colour: bool) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for name in headers:
        left = name in ("player", "win rate (n)")
        table.add_column(name, justify="left" if left else "right", no_wrap=True, overflow="fold")
    for row in rows:
        table.add_row(*(Text(one_line(value)) for value in row))
    return table


def _headers(found: Standings) -> list[str]:
    more = [f"updates, k={found.elo_k:g}"] if found.elo_k is not None else []
    return ["rank", "95 %", "player", "ability", "95 %", "Elo", *more, "games", "won", "tied", "lost"]


def _row(found: Standings, row: Standing) -> list[str]:
    star = "*" if found.prior else ""
    more = [f"{row.updates:.0f} ± {row.updates_spread:.0f}"] if row.updates is not None else []
    return [
        str(row.rank),
        f"{row.ranks[0]}–{row.ranks[1]}" if row.ranks else "?",
        row.player,
        f"{row.ability:+.3f}{star} ± {row.stderr:.3f}",
        f"{row.ci95[0]:+.2f} to {row.ci95[1]:+.2f}" if row.ci95 else "?",
        f"{row.elo:.0f}",
        *more,
        *map(str, (row.games, row.wins, row.ties, row.losses)),
    ]


def _rates(found: Standings, at: int) -> list[str]:
    cells = [
        "·" if at == other else f"{m.rate:.2f} ({m.games})" if m.rate is not None else "–"
        for other, m in enumerate(found.matrix[at])
    ]
    return [f"{at + 1} {found.players[at].player}", *cells]


def _lines(found: Standings) -> list[str]:
    by = {"scores": "headline scores", "judge": f"judge {found.judge}", "labels": "people's labels"}[found.source]
    over = f"{found.games} games on {found.clusters} samples of {', '.join(found.tasks)}, decided by {by}"
    star = " (* regularised)" if found.prior else ""
    how = {
        "bootstrap": f"intervals from {found.draws} resamples of the samples, seed {found.seed}",
        "normal": "intervals by normal approximation",
        None: "no intervals",
    }[found.interval]
    return [f"{over}; abilities in log-odds{star}, {how}", *found.statements]


def _needed(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    from rich.cells import cell_len

    return sum(2 + max(map(cell_len, column)) for column in zip(headers, *rows, strict=True))
