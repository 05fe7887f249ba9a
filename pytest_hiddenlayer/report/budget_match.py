"""Equal budget for people: strategies against their own model asked as often, flips by round, score and cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..results.budget_match.compare import BudgetMatchedComparison, ControlComparison, equal_budget
from ..results.budget_match.pareto import ParetoFront, Point, fronts
from ..results.budget_match.round_transitions import RoundTransition, round_transitions
from ..stats.estimate.mean_interval import Estimate
from ..stats.paired.compare import PairedTest
from ..types import Record
from .text_table import grid

Rows = list[tuple[str, ...]]
VERSUS = (
    *("task", "strategy", "against", "pairs", "strategy's", "control's", "difference", "95 % interval"),
    *("p better", "p worse", "calls", "tokens", "cost"),
)
FLIPS = (
    *("task", "strategy", "step", "n", "wrong→right", "right→wrong", "stayed right", "stayed wrong"),
    *("net", "95 % interval", "p better", "p worse"),
)
FRONT = ("task", "no", "strategy", "score", "per answer", "on the front")


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What a run under equal budget says."""

    compared: Sequence[BudgetMatchedComparison]
    flips: Sequence[RoundTransition]
    fronts: Sequence[ParetoFront]

    def to_json(self) -> dict[str, Any]:
        """The content of `equal_budget.json`."""
        return {
            "schema": 1,
            "compared": [one.to_json() for one in self.compared],
            "flips": [one.to_json() for one in self.flips],
            "fronts": [one.to_json() for one in self.fronts],
        }


def find(records: Iterable[Record]) -> Findings:
    """The findings of a run, from all of its records in any order."""
    known = list(records)
    compared = equal_budget(known)
    return Findings(compared=compared, flips=round_transitions(known), fronts=fronts(known, compared))


def text(found: Findings, *, width: int, colour: bool) -> str:
    """The findings for a terminal; a table wider than `width` is folded by the terminal, never cut."""
    parts = [
        "each strategy against its own model asked as often, sample by sample; difference: strategy - control",
        grid(VERSUS, versus_rows(found), width=width, colour=colour),
        *warnings(found),
    ]
    if found.flips:
        parts += ["", "what each round did", grid(FLIPS, flip_rows(found), width=width, colour=colour)]
    if rows := front_rows(found):
        parts += ["", "score and cost", grid(FRONT, rows, width=width, colour=colour), *front_warnings(found)]
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def versus_rows(found: Findings) -> Rows:
    """One row of text a comparison, in the order of VERSUS; what is unknown is written `?`."""
    return [_versus_row(one, side) for one in found.compared for side in one.against_controls]


def flip_rows(found: Findings) -> Rows:
    """One row of text a step, in the order of FLIPS."""
    return [
        (
            *_who(one.key),
            _step(one),
            str(one.n),
            f"{one.wrong_right} ({_share(one.gained)})",
            f"{one.right_wrong} ({_share(one.lost)})",
            str(one.stayed_right),
            str(one.stayed_wrong),
            *_difference(one.net),
        )
        for one in found.flips
    ]


def front_rows(found: Findings) -> Rows:
    """One row of text a point, in the order of FRONT."""
    return [
        (front.task, str(number), point.name, _score(point.score), cost_words(front, point), _on_front(front, point))
        for front in found.fronts
        for number, point in enumerate(front.points, 1)
    ]


def warnings(found: Findings) -> list[str]:
    """What must be known of the comparisons to read them rightly."""
    lines = [f"{one.key[0]} {one.key[1]}: {line}" for one in found.compared for line in _warnings(one)]
    if not found.compared:
        lines.append("no strategy other than single was run: nothing to hold against single answers")
    if any(one.against_controls for one in found.compared):
        lines.append(
            "single: mean of the draws; self_consistency: plurality of the draws; oracle: one of N draws is right, "
            "against the strategy being right; calls, tokens and cost: strategy : control, mean a sample; "
            "p one-sided, each on its own"
        )
    return lines


def front_warnings(found: Findings) -> list[str]:
    """Which points stand in no front, and what the fronts are worth."""
    lines = [
        f"{front.task}: no score or no known cost: {', '.join(front.left_out)}"
        for front in found.fronts
        if front.left_out
    ]
    return [*lines, "estimates: a point can be on the front or off it by chance"]


def cost_words(front: ParetoFront, point: Point) -> str:
    """What an answer costs."""
    cost = point.cost(front.unit)
    if cost is None:
        return "?"
    return _dollars(cost) if front.unit == "cost_usd" else f"{cost:,.1f} {front.unit}"


def _warnings(one: BudgetMatchedComparison) -> Iterator[str]:
    several = one.compared + one.undrawn
    if several == 0 and one.one_call:
        yield "one call a sample: nothing to compare, single is its equal"
    elif one.one_call:
        yield f"{one.one_call} sample(s) answered by one call were left out: this says nothing of them"
    if several == 0 and not one.one_call:
        yield f"none of {one.unscored} sample(s) was scored: nothing to compare"
    elif one.unscored:
        yield f"{one.unscored} sample(s) without a score were left out"
    if one.undrawn:
        yield f"{one.undrawn} sample(s) have no draws: run with --hl-equal-budget"
    if one.draws_unscored:
        yield f"{one.draws_unscored} of {one.draws} draws have no score; they do not count as wrong"
    for side in one.against_controls:
        if side.left_out:
            yield f"{side.name}: {side.left_out} sample(s) without a scored draw were left out"
    if one.tokens_unknown:
        yield f"same tokens: {one.tokens_unknown} sample(s) left out, the provider tells no tokens"
    if one.short:
        yield f"same tokens: for {one.short} sample(s) the draws ended before the strategy's tokens were reached"
    if one.alike and one.alike == one.compared:
        yield "the draws of every sample are one text, as at temperature 0: more of them tell no more than one"
    if one.later_epochs:
        yield f"epoch 1 only: {one.later_epochs} record(s) of later epochs have no draws"


def _versus_row(one: BudgetMatchedComparison, side: ControlComparison) -> tuple[str, ...]:
    own, other = side.strategy_spent, side.control_spent
    return (
        *_who(one.key),
        side.name,
        f"{side.strategy.n}/{one.compared}",
        _score(side.strategy),
        _score(side.control),
        *(("?",) * 4 if side.paired is None else _difference(side.paired)),
        f"{_number(own.calls)} : {_number(other.calls)}",
        f"{_number(own.tokens)} : {_number(other.tokens)}",
        f"{_dollars(own.cost_usd)} : {_dollars(other.cost_usd)}",
    )


def _difference(paired: PairedTest) -> tuple[str, str, str, str]:
    low_high = "?" if paired.ci95 is None else f"{paired.ci95[0]:+.3f} to {paired.ci95[1]:+.3f}"
    return (f"{paired.difference:+.3f}", low_high, f"{paired.p_better:.3g}", f"{paired.p_worse:.3g}")


def _who(key: tuple[str, str, str, str]) -> tuple[str, str]:
    task, label, provider, slug = key
    return task, f"{label} {provider}:{slug}"


def _step(one: RoundTransition) -> str:
    if one.after is None:
        return "last majority → verdict"
    return f"{one.who}, round {one.before} → {one.after}"


def _share(e: Estimate) -> str:
    bar = "" if e.ci95 is None else f", {e.ci95[0]:.2f} to {e.ci95[1]:.2f}"
    return f"{e.mean or 0.0:.2f}{bar}"


def _score(e: Estimate) -> str:
    bar = "" if e.stderr is None else f" ± {e.stderr:.3f}"
    return "?" if e.mean is None else f"{e.mean:.3f}{bar}"


def _on_front(front: ParetoFront, point: Point) -> str:
    better = front.dominated_by.get(point.name)
    return "yes" if better is None else f"no, beaten by {better}"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.1f}"


def _dollars(value: float | None) -> str:
    return "?" if value is None else f"${value:.4f}" if value else "$0"
