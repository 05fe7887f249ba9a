"""The rows and warnings of the compute-matched section, as text for its terminal and HTML form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..results.budget_match.compare import BudgetMatchedComparison, ControlComparison
from ..results.budget_match.pareto import ParetoFront, Point
from ..results.budget_match.round_transitions import RoundTransition
from ..stats.estimate.mean_interval import Estimate
from ..stats.paired.compare import PairedTest
from .details import with_error

Rows = list[tuple[str, ...]]
INTRODUCTION = (
    "each strategy against its own model at the same budget (compute-matched), paired by sample; "
    "difference: strategy - control"
)
COMPARISON_HEADERS = (
    *("task", "strategy", "against", "pairs", "strategy's", "control's", "difference", "95 % interval"),
    *("p better", "p worse", "calls", "tokens", "cost"),
)
TRANSITION_HEADERS = (
    *("task", "strategy", "step", "n", "wrong→right", "right→wrong", "stayed right", "stayed wrong"),
    *("net", "95 % interval", "p better", "p worse"),
)
POINT_HEADERS = ("task", "no", "strategy", "score", "per answer", "Pareto-optimal")


def comparison_rows(comparisons: Sequence[BudgetMatchedComparison]) -> Rows:
    """One row of text per strategy and control, in the order of COMPARISON_HEADERS; an unknown value is `?`."""
    return [
        _comparison_row(comparison, control) for comparison in comparisons for control in comparison.against_controls
    ]


def transition_rows(transitions: Sequence[RoundTransition]) -> Rows:
    """One row of text per step from round to round, in the order of TRANSITION_HEADERS."""
    return [
        (
            *_task_and_player(transition.key),
            _step(transition),
            str(transition.n),
            f"{transition.wrong_right} ({_share(transition.gained)})",
            f"{transition.right_wrong} ({_share(transition.lost)})",
            str(transition.stayed_right),
            str(transition.stayed_wrong),
            *_difference(transition.net),
        )
        for transition in transitions
    ]


def point_rows(fronts: Sequence[ParetoFront]) -> Rows:
    """One row of text per configuration, in the order of POINT_HEADERS."""
    return [
        (
            front.task,
            str(number),
            point.name,
            with_error(point.score),
            cost_text(front, point),
            _pareto_optimal(front, point),
        )
        for front in fronts
        for number, point in enumerate(front.points, 1)
    ]


def comparison_warnings(comparisons: Sequence[BudgetMatchedComparison]) -> list[str]:
    """What limits the comparisons, one line each; the last line explains the columns."""
    lines = [
        f"{comparison.key[0]} {comparison.key[1]}: {line}"
        for comparison in comparisons
        for line in _warnings(comparison)
    ]
    if not comparisons:
        lines.append("no strategy other than single was run: nothing to compare with single answers")
    if any(comparison.against_controls for comparison in comparisons):
        lines.append(
            "single: mean of the control samples; self_consistency: plurality of the control samples; "
            "oracle: one of N control samples is right, against the strategy being right; "
            "calls, tokens and cost: strategy : control, mean per sample; p one-sided, not adjusted for several rows"
        )
    return lines


def front_warnings(fronts: Sequence[ParetoFront]) -> list[str]:
    """Which configurations were left out of the Pareto fronts, and a note on chance."""
    lines = [
        f"{front.task}: left out, no score or unknown cost: {', '.join(front.left_out)}"
        for front in fronts
        if front.left_out
    ]
    return [*lines, "scores are estimates: chance can move a configuration on or off the Pareto front"]


def cost_text(front: ParetoFront, point: Point) -> str:
    """The cost per answer with its unit; `?` if unknown."""
    cost = point.cost(front.unit)
    if cost is None:
        return "?"
    return _dollars(cost) if front.unit == "cost_usd" else f"{cost:,.1f} {front.unit}"


def _warnings(comparison: BudgetMatchedComparison) -> Iterator[str]:
    several_calls = comparison.compared + comparison.undrawn
    if several_calls == 0 and comparison.one_call:
        yield "makes one call per sample, so `single` already matches its budget"
    elif comparison.one_call:
        yield f"{comparison.one_call} sample(s) answered with one call are left out of the comparison"
    if several_calls == 0 and not comparison.one_call:
        yield f"none of {comparison.unscored} sample(s) has a score: nothing to compare"
    elif comparison.unscored:
        yield f"{comparison.unscored} sample(s) without a score are left out"
    yield from _control_warnings(comparison)
    if comparison.later_epochs:
        yield f"epoch 1 only: {comparison.later_epochs} record(s) of later epochs have no control samples"


def _control_warnings(comparison: BudgetMatchedComparison) -> Iterator[str]:
    if comparison.undrawn:
        yield f"{comparison.undrawn} sample(s) have no control samples: run with --hl-equal-budget"
    if comparison.draws_unscored:
        counts = f"{comparison.draws_unscored} of {comparison.draws}"
        yield f"{counts} control samples have no score; they do not count as wrong"
    for control in comparison.against_controls:
        if control.left_out:
            yield f"{control.name}: {control.left_out} sample(s) without a scored control sample are left out"
    if comparison.tokens_unknown:
        yield f"same tokens: {comparison.tokens_unknown} sample(s) left out, the provider reports no tokens"
    if comparison.short:
        yield f"same tokens: for {comparison.short} sample(s) the control samples use fewer than the strategy"
    if comparison.alike and comparison.alike == comparison.compared:
        yield "all control samples of a sample are the same text, as at temperature 0: a vote over them is one answer"


def _comparison_row(comparison: BudgetMatchedComparison, control: ControlComparison) -> tuple[str, ...]:
    strategy_usage, control_usage = control.strategy_spent, control.control_spent
    return (
        *_task_and_player(comparison.key),
        control.name,
        f"{control.strategy.n}/{comparison.compared}",
        with_error(control.strategy),
        with_error(control.control),
        *(("?",) * 4 if control.paired is None else _difference(control.paired)),
        f"{_number(strategy_usage.calls)} : {_number(control_usage.calls)}",
        f"{_number(strategy_usage.tokens)} : {_number(control_usage.tokens)}",
        f"{_dollars(strategy_usage.cost_usd)} : {_dollars(control_usage.cost_usd)}",
    )


def _difference(paired: PairedTest) -> tuple[str, str, str, str]:
    interval = "?" if paired.ci95 is None else f"{paired.ci95[0]:+.3f} to {paired.ci95[1]:+.3f}"
    return (f"{paired.difference:+.3f}", interval, f"{paired.p_better:.3g}", f"{paired.p_worse:.3g}")


def _task_and_player(key: tuple[str, str, str, str]) -> tuple[str, str]:
    task, label, provider, slug = key
    return task, f"{label} {provider}:{slug}"


def _step(transition: RoundTransition) -> str:
    if transition.after is None:
        return "last majority → verdict"
    return f"{transition.who}, round {transition.before} → {transition.after}"


def _share(estimate: Estimate) -> str:
    interval = "" if estimate.ci95 is None else f", {estimate.ci95[0]:.2f} to {estimate.ci95[1]:.2f}"
    return f"{estimate.mean or 0.0:.2f}{interval}"


def _pareto_optimal(front: ParetoFront, point: Point) -> str:
    dominating = front.dominated_by.get(point.name)
    return "yes" if dominating is None else f"no, dominated by {dominating}"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.1f}"


def _dollars(value: float | None) -> str:
    return "?" if value is None else f"${value:.4f}" if value else "$0"
