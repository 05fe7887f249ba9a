"""Sections on agents: who persuades whom, conformity, and what each agent contributes."""

from __future__ import annotations

from ..analysis import CellDebates
from ..persuasion import Influence
from .formats import Section, count, difference_text, with_interval

_MOST_PAIRS = 30
_CHANCE = "by chance: how often a third agent's first answer is the source's"
_KEEPS = "keeps its answer: of the times that it had read another one"


def persuasion_section(cell: CellDebates) -> Section:
    """Returns who persuades whom."""
    found = cell.persuasion
    pairs = [found.total, *found.models, *found.agents]
    changed = found.followed + found.invented
    notes = [
        f"of {count(changed, 'change')} to another answer, {found.followed} went to an answer that the agent "
        f"had read, {found.invented} to one that it had not",
        *([_CHANCE] if found.total.chance is not None else []),
    ]
    if len(pairs) > _MOST_PAIRS:
        notes.append(f"{len(pairs) - _MOST_PAIRS} more pairs: see --json")
    return Section(
        title="who persuades whom: changes to an answer that was read just before",
        headers=("source", "reader", "read another answer", "persuaded", "rate", "by chance", "more than chance",
                 "wrong→right", "right→wrong", "wrong→wrong", "not scored"),
        rows=[_influence_row(one, scored=cell.scored) for one in pairs[:_MOST_PAIRS]],
        notes=notes,
        n_names=2,
        data=("source", "reader"),
    )  # fmt: skip


def _influence_row(one: Influence, *, scored: bool) -> tuple[str, ...]:
    kinds = (one.wrong_right, one.right_wrong, one.wrong_wrong, one.unknown)
    return (
        one.source,
        one.reader,
        f"{one.opportunities}",
        f"{one.persuaded}",
        with_interval(one.rate),
        "?" if one.chance is None else f"{one.chance:.2f}",
        difference_text(one.excess),
        *(map(str, kinds) if scored else ("?",) * len(kinds)),
    )


def conformity_section(cell: CellDebates) -> Section:
    """Returns what agents do against the majority that they read."""
    return Section(
        title="conformity: an agent disagrees with the majority of what it read",
        headers=("majority of", "that is", "times", "follows it", "keeps its answer", "another answer"),
        rows=[
            (
                "any size" if row.size is None else f"{row.size}",
                row.majority or "right or wrong",
                f"{row.n}",
                *map(with_interval, (row.conformed, row.kept, row.other)),
            )
            for row in cell.conformity
            if cell.scored or row.majority is None
        ],
        n_names=2,
    )


def agent_section(cell: CellDebates) -> Section:
    """Returns what each agent contributes."""
    return Section(
        title="agents",
        headers=("agent", "model", "debates", "first right", "last right", "keeps its answer", "if right", "if wrong",
                 "majority loses without it", "equals final answer"),
        rows=[
            (
                one.agent,
                ", ".join(one.models),
                f"{one.debates}",
                *map(with_interval, (one.first, one.last, one.kept, one.kept_right, one.kept_wrong)),
                difference_text(one.importance),
                with_interval(one.agrees_with_final),
            )
            for one in cell.agents
        ],
        notes=[_KEEPS] if any(one.kept.n for one in cell.agents) else [],
        n_names=2,
        data=("agent", "model"),
    )  # fmt: skip
