"""Sections on answers: right ones by round with their drift, the gain, changes, and scoring rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..accuracy import MEASURES
from ..analysis import CellDebates
from ..recorded.bounds import RoundBounds
from ..recorded.verdicts import RuleOnVerdicts
from ..transitions import Transition
from .formats import Section, count, difference_text, number, p_value, with_interval


def accuracy_sections(cell: CellDebates) -> Iterator[Section]:
    """Yields the right answers by round, and those with stopped debates carried forward."""
    what = "right answers" if cell.scored else "answers"
    noun = _noun(cell)
    measures = {"agents": "right"} if cell.is_one_agent else _MEASURES
    yield Section(
        title=f"{what} by round [95 % interval]" + (f", of the {noun} that go on" if _stopped(cell) else ""),
        headers=("round", noun, *measures.values(), *_ANSWER_HEADERS),
        rows=[
            (
                f"{r.round}",
                f"{r.debating}",
                *(with_interval(r.of_debating[name]) for name in measures),
                with_interval(r.agreement),
                with_interval(r.consensus),
                with_interval(r.unreadable),
            )
            for r in cell.rounds
        ],
    )
    if _stopped(cell) and cell.scored:
        yield Section(
            title=f"right answers by round, where {noun} that stopped keep their last answers",
            headers=("round", "stopped before", *measures.values()),
            rows=[
                (f"{r.round}", f"{r.stopped}", *(with_interval(r.carried[name]) for name in measures))
                for r in cell.rounds
            ],
        )


_MOST_STEPS = 6
_SPEAK_IN_TURN = "agents speak in turn: all but the first have read others before their answer of round 0"
_ENDS_IF_RIGHT = (
    "no answer follows a right one: a round is another attempt at what is not solved yet, so accuracy can only rise; "
    "compare it with pass@k of independent samples"
)
_MEASURES = {name: f"{name} right" for name in MEASURES}
_ANSWER_HEADERS = ("equal pairs", "all agree", "unreadable")


def _stopped(cell: CellDebates) -> bool:
    return any(r.stopped for r in cell.rounds)


def _noun(cell: CellDebates) -> str:
    return "records" if cell.is_one_agent else "debates"


def _ends_if_right(cell: CellDebates) -> bool:
    """Whether nobody answers again after a right answer, and somebody became right."""
    total = cell.transitions[-1] if cell.transitions else None
    return total is not None and total.wrong_right > 0 and total.right_wrong + total.stayed_right == 0


def drift_section(cell: CellDebates) -> Section:
    """Returns whether accuracy rises or falls over rounds, and by how much from each round to the next."""
    drifts = cell.drift[:1] if cell.is_one_agent else cell.drift
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
        title=f"does accuracy drift over rounds? ({_noun(cell)} that stopped are carried forward)",
        headers=("of", "accuracy", "per round [95 % interval]", "p", *(f"{s.before} → {s.after}" for s in steps)),
        rows=rows,
        notes=[
            f"two-sided p: {drifts[0].method}; steps after Holm's correction",
            *([f"{rest} more steps: see --json"] if rest else []),
            *([_ENDS_IF_RIGHT] if cell.is_one_agent and _ends_if_right(cell) else []),
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
    elif fitting := [one for one in verdicts if one.contradicts_none]:
        fitting.sort(key=lambda one: -one.agrees)  # stable
        notes.append(f"contradicted by no verdict: {', '.join(map(_fit, fitting))}")
    elif (closest := max(verdicts, key=lambda one: one.agrees)).agrees:
        n = closest.agrees + closest.disagrees + closest.undecided
        notes.append(f"no rule reproduces every verdict; closest: {closest.rule}, {closest.agrees} of {n}")
    return notes


def _fit(one: RuleOnVerdicts) -> str:
    """The rule, with how many debates it leaves to chance."""
    return f"{one.rule} ({one.undecided} left to chance or unknown)" if one.undecided else one.rule


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
