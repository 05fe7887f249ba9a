"""The sections of a cell: what the terminal and Markdown show, in this order."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis import CellDebates
from . import answers, influence
from .formats import Section, count, with_interval


def sections_of(cell: CellDebates) -> Iterator[Section]:
    """Yields the sections that the cell has something to say in."""
    yield from answers.accuracy_sections(cell)
    if cell.drift:
        yield answers.drift_section(cell)
    if cell.gain.n and not cell.is_one_agent:
        yield answers.gain_section(cell)
    if cell.transitions:
        yield answers.transition_section(cell)
    if cell.persuasion.total.opportunities:
        yield influence.persuasion_section(cell)
    if cell.conformity:
        yield influence.conformity_section(cell)
    yield influence.agent_section(cell)
    if cell.rules and not cell.is_one_agent:
        yield answers.rule_section(cell)
    if cell.verdicts and not cell.is_one_agent:
        yield answers.verdict_section(cell)
    if cell.bounds:
        yield answers.bounds_section(cell.bounds)


def introduction(cell: CellDebates) -> list[str]:
    """Returns what was analysed and what was left out, one line each."""
    counted = f"{count(cell.debates, 'record')} of one agent" if cell.is_one_agent else count(cell.debates, "debate")
    if cell.questions < cell.debates:
        counted += f" of {count(cell.questions, 'question')}"
    right = f"; the strategy's answer is right: {with_interval(cell.answer)}" if cell.answer.n else ""
    lines = [f"{counted}, up to {count(len(cell.rounds), 'round')}{right}"]
    if cell.unscored and cell.scored:
        lines.append(f"{count(cell.unscored, 'debate')} ended without an answer that has a score: it is not right")
    if cell.failed:
        lines.append(f"{count(cell.failed, 'debate')} left out: ended by an error or by the budget")
    if cell.others:
        lines.append(f"{count(cell.others, 'record')} left out: no agents that answer in rounds")
    if cell.from_texts:
        lines.append(
            f"{count(cell.from_texts, 'debate')} without scores by round: whole texts are compared instead of "
            "answers; use a scorer that calls no model, and name the debaters in the answer's metadata as `agents`"
        )
    if not cell.scored:
        lines.append("no answer of a round is known to be right or wrong: agreement, changes and persuasion only")
    return lines
