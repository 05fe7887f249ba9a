"""The standings of a tournament for a terminal: the table, the win rates, and the statements."""

from __future__ import annotations

from ...report.text_table import grid
from ...terminal_escape import one_line
from .leaderboard import MatchupRate, Standing, Standings

_LEFT_ALIGNED = ("player", "win rate (n)")


def standings_text(standings: Standings, *, width: int, colour: bool) -> str:
    """The standings as text: table, win rates and statements.

    No value is cut: the terminal wraps a table wider than `width`.
    """
    headers = _headers(standings)
    rows = [_row(standings, row) for row in standings.players]
    rate_headers = ["win rate (n)", *(str(number) for number in range(1, len(rows) + 1))]
    rates = [_rates(standings, index) for index in range(len(rows))]
    tables = [
        grid(names, values, width=width, colour=colour, right=[name for name in names if name not in _LEFT_ALIGNED])
        for names, values in ((headers, rows), (rate_headers, rates))
    ]
    return "\n\n".join([*tables, "\n".join(map(one_line, _lines(standings)))]) + "\n"


def _headers(standings: Standings) -> list[str]:
    updates = [f"updates, k={standings.elo_k:g}"] if standings.elo_k is not None else []
    return ["rank", "95 %", "player", "ability", "95 %", "Elo", *updates, "games", "won", "tied", "lost"]


def _row(standings: Standings, row: Standing) -> list[str]:
    star = "*" if standings.prior else ""
    updates = [f"{row.updates:.0f} ± {row.updates_spread:.0f}"] if row.updates is not None else []
    return [
        str(row.rank),
        f"{row.ranks[0]}–{row.ranks[1]}" if row.ranks else "?",
        row.player,
        f"{row.ability:+.3f}{star} ± {row.stderr:.3f}",
        f"{row.ci95[0]:+.2f} to {row.ci95[1]:+.2f}" if row.ci95 else "?",
        f"{row.elo:.0f}",
        *updates,
        *map(str, (row.games, row.wins, row.ties, row.losses)),
    ]


def _rates(standings: Standings, index: int) -> list[str]:
    rates = ["·" if column == index else _rate(matchup) for column, matchup in enumerate(standings.matrix[index])]
    return [f"{index + 1} {standings.players[index].player}", *rates]


def _rate(matchup: MatchupRate) -> str:
    return "–" if matchup.rate is None else f"{matchup.rate:.2f} ({matchup.games})"


def _lines(standings: Standings) -> list[str]:
    raters = {"scores": "headline scores", "judge": f"judge {standings.judge}", "labels": "people's labels"}
    games = f"{standings.games} games on {standings.clusters} samples of {', '.join(standings.tasks)}"
    star = " (* regularised)" if standings.prior else ""
    method = {
        "bootstrap": f"intervals from {standings.draws} resamples of the samples, seed {standings.seed}",
        "normal": "intervals by normal approximation",
        None: "no intervals",
    }[standings.interval]
    first = f"{games}, decided by {raters[standings.source]}; abilities in log-odds{star}, {method}"
    return [first, *standings.statements]
