"""The rows of the leaderboard and of the comparisons, as texts for terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ...usage import BudgetUnit
from ..debates.analysis import CellDebates
from .debate_rows import HEADERS, debate_rows
from .leaderboard import Leaderboard
from .strategy_row import VOTE, ComparedWith, StrategyRow

Table: TypeAlias = tuple[Sequence[str], list[tuple[str, ...]]]
"""(headers, rows)."""
UNIT_NAMES: dict[BudgetUnit, str] = {"calls": "calls", "tokens": "tokens", "cost_usd": "cost"}
LEFT = frozenset({"strategy", "debate", "against", "verdict", "Pareto set", "95 % interval"})
"""Headers of columns that are aligned left."""


def scores_table(board: Leaderboard) -> Table:
    """Returns score and spending of every strategy, best first, and of the votes of control samples."""
    paid = any(row.total.cost_usd for row in board.rows)
    unit = board.unit if board.unit != "cost_usd" or paid else "tokens"
    per_right = f"{UNIT_NAMES[unit]} per right answer" if not paid else "cost per right answer"
    headers = ("strategy", "score", "95 % interval", "scored", "calls", "tokens", "seconds", "cost", per_right)
    rows = [_score_row(row, "cost_usd" if paid else unit) for row in board.rows]
    return (*headers, "Pareto set"), [
        (*row, _pareto(board, strategy.label)) for row, strategy in zip(rows, board.rows, strict=True)
    ] + [_vote_row(board, index) for index in range(len(board.votes))]


def differences_table(board: Leaderboard) -> Table:
    """Returns the paired differences of every strategy."""
    headers = ("strategy", "against", "pairs", "its score", "theirs", "difference", "95 % interval", "p better")
    rows = [
        (row.label, against_text(one, board.unit), *_difference(one)) for row in board.rows for one in row.compared
    ]
    return (*headers, "p worse", "verdict"), rows


def _several_agents(board: Leaderboard) -> list[CellDebates]:
    """The debates of two or more agents; an agent that refines its own answer persuades nobody."""
    return [cell for cell in board.debates if len(cell.agents) > 1 and cell.scored]


def debates_table(board: Leaderboard) -> Table:
    """Returns what happens in the debates, a row each."""
    return HEADERS, debate_rows(_several_agents(board))


def notes(board: Leaderboard) -> Iterator[str]:
    """Yields what limits the comparison, a sentence each."""
    for row in board.rows:
        if row.unanswered:
            asked = row.answers + row.unanswered
            yield f"{row.label}: {row.answers} of {asked} answers exist; a run that ended early goes on with --resume"
        if row.scored < row.answers:
            whole = ", ".join(f"{count} x {shortened(why)}" for why, count in list(row.reasons.items())[:2])
            whole += ", …" if len(row.reasons) > 2 else ""
            worst = "" if row.worst is None else f"; counted as wrong, the score is {row.worst:.3f}"
            yield f"{row.label}: {row.scored} of {row.answers} answers have a score ({whole}){worst}"
        for one in row.compared:
            yield from _comparison_notes(row, one, board.unit)
    if board.votes and (missing := board.votes[0].missing):
        yield f"votes of plain samples: {missing} of {board.samples} samples have none"
    if board.front.left_out:
        names = ", ".join(board.front.left_out)
        yield f"not in the Pareto set, as too few answers have a score or the cost is unknown: {names}"


def against_text(one: ComparedWith, unit: BudgetUnit) -> str:
    """Returns what a strategy is compared with, in words."""
    return f"vote at the same {UNIT_NAMES[unit]}" if one.against == VOTE else one.against


def shortened(why: str) -> str:
    """Returns a reason of at most 160 characters."""
    return why if len(why) <= 160 else f"{why[:159]}…"


def counted(number: int, noun: str) -> str:
    """Returns a number and what is counted, in the plural unless it is one."""
    return f"{number} {noun}{'s' * (number != 1)}"


def number(value: float | None, form: str = ",.1f") -> str:
    """Returns the number as text; `?` if unknown."""
    return "?" if value is None else f"{value:{form}}"


def interval(ci95: tuple[float, float] | None, form: str = ".2f") -> str:
    """Returns the interval as text; `?` if unknown."""
    return "?" if ci95 is None else f"{ci95[0]:{form}} to {ci95[1]:{form}}"


def dollars(value: float | None) -> str:
    """Returns the cost as text; `?` if unknown, $0 if free."""
    return "?" if value is None else f"${value:.6f}" if value else "$0"


def _score_row(row: StrategyRow, unit: BudgetUnit) -> tuple[str, ...]:
    per_right = row.per_right(unit)
    return (
        row.label,
        number(row.score.mean, ".3f"),
        interval(row.score.ci95),
        f"{row.scored}/{row.answers + row.unanswered}",
        number(row.spent.calls),
        number(row.spent.tokens, ",.0f"),
        number(row.seconds, ",.2f"),
        dollars(row.spent.cost_usd),
        "none is right" if not row.right else dollars(per_right) if unit == "cost_usd" else number(per_right),
    )


def _vote_row(board: Leaderboard, index: int) -> tuple[str, ...]:
    vote = board.votes[index]
    return (
        f"({vote.name})",
        number(vote.score.mean, ".3f"),
        interval(vote.score.ci95),
        f"{vote.scored}/{vote.votes}",
        number(vote.spent.calls),
        number(vote.spent.tokens, ",.0f"),
        "",
        dollars(vote.spent.cost_usd),
        "",
        _pareto(board, vote.name),
    )


def _pareto(board: Leaderboard, name: str) -> str:
    if name in board.front.left_out:
        return "?"
    dominating = board.front.dominated_by.get(name)
    return "yes" if dominating is None else f"no: {dominating}"


def _difference(one: ComparedWith) -> tuple[str, ...]:
    made = one.comparison
    if made is None:
        return ("0", "?", "?", "?", "?", "?", "?", one.why)
    return (
        str(made.paired.n),
        number(made.new.mean, ".3f"),
        number(made.old.mean, ".3f"),
        f"{round(made.paired.difference, 3) + 0.0:+.3f}",  # + 0.0: no negative zero
        interval(made.paired.ci95, "+.2f"),
        f"{made.p_better:.2g}",
        f"{made.p_worse:.2g}",
        made.verdict,
    )


def _comparison_notes(row: StrategyRow, one: ComparedWith, unit: BudgetUnit) -> Iterator[str]:
    name = f"{row.label} against {against_text(one, unit)}"
    if one.short:
        yield f"{name}: for {counted(one.short, 'sample')} the control samples use less than the strategy"
    if one.left_out and one.comparison is not None:
        which = counted(one.left_out, "sample")
        yield f"{name}: control samples are missing, or their {UNIT_NAMES[unit]} unknown, for {which}"
    if one.comparison is not None and one.comparison.lost_counts:
        yield f"{name}: regressed if answers without a score count as wrong"
