"""Sections on answers: right ones by round with their drift, the gain, changes, and scoring rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..accuracy import MEASURES, RoundAccuracy
from ..analysis import CellDebates
from ..drift import Drift
from ..recorded.bounds import RoundBounds
from ..recorded.verdicts import RuleOnVerdicts
from ..transitions import Transition
from .formats import Section, count, difference_text, number, p_value, with_interval


def accuracy_sections(cell: CellDebates) -> Iterator[Section]:
    """Yields the right answers by round, and those with stopped debates carried forward."""
    what = "right answers" if cell.scored else "answers"
    yield Section(
        title=f"{what} by round [95 % interval]" + (", of the debates that go on" if _stopped(cell) else ""),
        headers=("round", "debates", *_MEASURE_HEADERS, *_ANSWER_HEADERS),
        rows=[
            (
                f"{r.round}",
                f"{r.debating}",
                *_measures(r, carried=False),
                with_interval(r.agreement),
                with_interval(r.consensus),
                with_interval(r.unreadable),
            )
            for r in cell.rounds
        ],
    )
    if _stopped(cell) and cell.scored:
        yield Section(
            title="right answers by round, where debates that stopped keep their last answers",
            headers=("round", "stopped before", *_MEASURE_HEADERS),
            rows=[(f"{r.round}", f"{r.stopped}", *_measures(r, carried=True)) for r in cell.rounds],
        )


_MOST_STEPS = 6
_SPEAK_IN_TURN = "agents speak in turn: all but the first have read others before their answer of round 0"
_MEASURE_HEADERS = ("agents right", "majority right", "any right", "all right")
_ANSWER_HEADERS = ("equal pairs", "all agree", "unreadable")


def _stopped(cell: CellDebates) -> bool:
    return any(r.stopped for r in cell.rounds)


def _measures(accuracy: RoundAccuracy, *, carried: bool) -> Iterator[str]:
    estimates = accuracy.carried if carried else accuracy.of_debating
    return (with_interval(estimates[name]) for name in MEASURES)


def drift_section(drifts: Sequence[Drift]) -> Section:
    """Returns whether accuracy rises or falls over rounds, and by how much from each round to the next."""
    steps = drifts[0].steps[:_MOST_STEPS]
    rows = [
        (
            trend.who,
            trend.direction,
            difference_text(trend.slope),
            p_value(trend.p),
            *(f"{step.paired.difference:+.3f} (p {p_value(step.p)})" for step in trend.steps[:_MOST_STEPS]),
        )
        for trend in drifts
    ]
    rest = len(drifts[0].steps) - len(steps)
    return Section(
        title="does accuracy drift over rounds? (debates that stopped are carried forward)",
        headers=("of", "accuracy", "per round [95 % interval]", "p", *(f"{s.before} → {s.after}" for s in steps)),
        rows=rows,
        notes=[
            f"two-sided p: {drifts[0].method}; steps after Holm's correction",
            *([f"{rest} more steps: see --json"] if rest else []),
        ],
        n_names=2,
    )


def gain_section(cell: CellDebates) -> Section:
    """Returns where the gain comes from."""
    gain = cell.gain
    rows = [
        ("one answer of round 0", number(gain.single), ""),
        ("+ voting: majority of round 0", number(gain.first_majority), difference_text(gain.voting)),
        ("+ discussion: majority of the last round", number(gain.last_majority), difference_text(gain.discussion)),
        ("+ verdict: the strategy's answer", number(gain.final), difference_text(gain.verdict)),
        ("gain over one answer", "", difference_text(gain.gain)),
    ]
    if gain.share is None:
        note = f"share of the gain that voting alone explains: none; {gain.why}"
    else:
        bounds = gain.share_ci95
        interval = "interval unknown" if bounds is None else f"95 % interval {bounds[0]:.0%} to {bounds[1]:.0%}"
        note = f"voting alone explains {gain.share:.0%} of the gain ({interval})"
    return Section(
        title=f"where the gain comes from, {count(gain.n, 'question')}",
        headers=("step", "right", "difference [95 % interval]"),
        rows=rows,
        notes=[note, *([_SPEAK_IN_TURN] if cell.sequential else [])],
    )


def transition_section(cell: CellDebates) -> Section:
    """Returns the changes of agents into each round."""
    rows = [
        (
            "all" if one.after is None else f"{one.after}",
            f"{one.n}",
            with_interval(one.changed),
            *_scored_changes(one),
            f"{one.appeared}",
            f"{one.vanished}",
        )
        for one in cell.transitions
    ]
    scored = ("wrong→right", "right→wrong", "stayed right", "stayed wrong", "net", "p")
    return Section(
        title="changes of agents, from their answer before to that of the round",
        headers=("into round", "answers", "changed", *scored, "readable again", "became unreadable"),
        rows=rows,
    )


def _scored_changes(one: Transition) -> tuple[str, ...]:
    if one.net is None:
        return ("?",) * 6
    p = min(1.0, 2 * min(one.net.p_worse, one.net.p_better))
    counts = (one.wrong_right, one.right_wrong, one.stayed_right, one.stayed_wrong)
    return (*map(str, counts), f"{one.net.difference:+.3f}", p_value(p))


def rule_section(cell: CellDebates) -> Section:
    """Returns what scoring rules report."""
    return Section(
        title="what scoring rules report for the last round: the majority, and bounds, conventions and mistakes",
        headers=("rule", "questions", "accuracy", "against majority [95 % interval]"),
        rows=[
            (
                one.rule,
                f"{one.n}",
                with_interval(one.accuracy),
                "" if one.difference is None else difference_text(one.difference),
            )
            for one in cell.rules
            if one.n
        ],
        notes=[f"{one.rule}: not known for these records" for one in cell.rules if not one.n],
    )


def verdict_section(cell: CellDebates) -> Section:
    """Returns which rules reproduce the recorded verdicts."""
    return Section(
        title="which rules reproduce the recorded verdicts",
        headers=("rule", "agrees", "disagrees", "undecided", "possible", "contradicted", "questions"),
        rows=[
            (
                one.rule,
                *map(str, (one.agrees, one.disagrees, one.undecided, one.questions, one.contradicted)),
                ", ".join(one.examples),
            )
            for one in cell.verdicts
        ],
        notes=_verdict_notes(cell.verdicts),
        data=("questions",),
    )


def _verdict_notes(verdicts: Sequence[RuleOnVerdicts]) -> list[str]:
    notes = ["possible and contradicted: of the questions whose right answer is not known"]
    if names := [one.rule for one in verdicts if one.reproduces_all]:
        notes.append(f"every verdict is reproduced by: {', '.join(names)}")
    elif (closest := max(verdicts, key=lambda one: one.agrees)).agrees:
        n = closest.agrees + closest.disagrees + closest.undecided
        notes.append(f"no rule reproduces every verdict; closest: {closest.rule}, {closest.agrees} of {n}")
    return notes


def bounds_section(bounds: Sequence[RoundBounds]) -> Section:
    """Returns what the verdicts leave open."""
    return Section(
        title=f"what the verdicts leave open: right answers by round, {count(bounds[0].questions, 'question')}",
        headers=("round", "agents right", "majority right"),
        rows=[
            (
                "last - first" if one.round is None else f"{one.round}",
                *(f"{low:.2f} to {high:.2f}" for low, high in (one.agents, one.majority)),
            )
            for one in bounds
        ],
        notes=["if a verdict judges the last majority; debates that stopped are carried forward; no intervals"],
    )
