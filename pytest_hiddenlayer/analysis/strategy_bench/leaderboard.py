"""All strategies of a task and model: ranked, compared with a reference and with single, and their Pareto set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...errors import UsageError, did_you_mean
from ...identifiers import controlled
from ...results.budget_match.pareto import ParetoFront, Point, pareto_front
from ...results.metrics.cells import by_cell
from ...results.regression.baseline import CellKey
from ...results.regression.cell_comparison import CellComparison, assign_verdicts, compare_cell
from ...results.regression.pairing import SampleScore, match_samples
from ...types import Record
from ...usage import BudgetUnit, usage_of
from ..debates.analysis import CellDebates, analyse_debates
from .control_votes import Controls, ModelKey, VoteSize, averaged, controls_by_model, matched, vote_sizes, voted
from .strategy_row import VOTE, ComparedWith, StrategyRow, sample_results, strategy_row, with_compared

SINGLE = "single"
MIN_EFFECT = 0.05
"""Differences below this count as `same` if the test of equivalence shows it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaderboard:
    """The strategies of one task and model, best first."""

    task: str
    provider: str
    slug: str
    unit: BudgetUnit
    samples: int
    rows: tuple[StrategyRow, ...]
    votes: tuple[VoteSize, ...]  # of 1, 2, 4, … control samples
    front: ParetoFront
    debates: tuple[CellDebates, ...] = ()  # of the strategies whose agents speak in several rounds

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        votes = [asdict(vote) for vote in self.votes]
        return {
            "task": self.task,
            "provider": self.provider,
            "slug": self.slug,
            "match": self.unit,
            "samples": self.samples,
            "strategies": [row.to_json() for row in self.rows],
            "votes": votes,
            "pareto": self.front.to_json(),
            "debates": [cell.to_json() for cell in self.debates],
        }


def leaderboards(
    records: Iterable[Record], *, unit: BudgetUnit = "calls", against: str = VOTE, task: str | None = None
) -> list[Leaderboard]:
    """Returns a leaderboard per task and model, ordered by name; records may be in any order.

    `against` is `vote` or a strategy of the run: its label, or its name without parameters. Holm's correction
    covers all comparisons of all leaderboards. Raises UsageError if nothing can be compared or `against` or
    `task` is not in the run.
    """
    cells = by_cell(records)
    _check(cells, against, task)
    _check_unit(cells.values(), unit)
    controls = controls_by_model(cells)
    keys = sorted({(k[0], *k[2:]) for k in cells if task in (None, k[0])})
    boards = {key: _strategies(cells, key) for key in keys}
    compared = {
        key: {label: _compared(label, board, controls.get(key, Controls({})), unit, against) for label in board}
        for key, board in boards.items()
    }
    verdicts = _verdicts(one for board in compared.values() for row in board.values() for one in row)
    return [
        _leaderboard(key, board, controls.get(key, Controls({})), unit, compared[key], verdicts)
        for key, board in boards.items()
        if board
    ]


def _strategies(cells: Mapping[CellKey, Sequence[Record]], key: ModelKey) -> dict[str, Sequence[Record]]:
    """Label → records of every strategy of a task and model, both in a fixed order."""
    own = {k[1]: cell for k, cell in sorted(cells.items()) if (k[0], *k[2:]) == key and controlled(k[1]) is None}
    return {label: sorted(cell, key=lambda r: (r.sample_id, r.epoch)) for label, cell in own.items()}


def _check(cells: Mapping[CellKey, Sequence[Record]], against: str, task: str | None) -> None:
    tasks = sorted({key[0] for key in cells})
    labels = sorted({key[1] for key in cells if controlled(key[1]) is None})
    if not labels:
        raise UsageError(
            "a comparison of strategies needs their answers, and this run has none; name a run with records"
        )
    if task is not None and task not in tasks:
        raise UsageError(f"task {task!r}: the run has {', '.join(tasks)}{did_you_mean(task, tasks)}")
    check_against(against, labels)


def check_against(against: str, labels: Sequence[str]) -> None:
    """Raises UsageError unless `against` is the vote, or says which one of these strategies is the reference."""
    if against in (VOTE, SINGLE, *labels):
        return
    variants = [label for label in labels if label.partition(".")[0] == against]
    if not variants:
        known = (VOTE, *labels)
        raise UsageError(
            f"--against {against!r}: compare with {VOTE}, the vote of as many samples as the budget pays for, or "
            f"with a strategy of the run: {', '.join(labels)}{did_you_mean(against, known)}"
        )
    if len(variants) > 1:
        raise UsageError(f"--against {against!r}: the run has {', '.join(variants)}; name one of them")


def _check_unit(cells: Iterable[Sequence[Record]], unit: BudgetUnit) -> None:
    amounts = [usage_of(record).amount(unit) for cell in cells for record in cell if record.transcript]
    if unit == "cost_usd" and not any(amounts):
        found = "the run has no known cost" if None in amounts else "every call of the run cost $0"
        raise UsageError(f"--match cost: {found}; match calls or tokens")


def _compared(
    label: str, board: Mapping[str, Sequence[Record]], controls: Controls, unit: BudgetUnit, against: str
) -> list[ComparedWith]:
    """A strategy against the chosen reference, and against single."""
    if label == SINGLE:
        return []
    return [
        _against(name, label, board, controls, unit) for name in dict.fromkeys((against, SINGLE)) if name != label
    ]


def _against(
    name: str, label: str, board: Mapping[str, Sequence[Record]], controls: Controls, unit: BudgetUnit
) -> ComparedWith:
    reference = next((own for own in board if own == name), None)
    reference = reference or next((own for own in board if own.partition(".")[0] == name), None)
    if reference is None and name not in (VOTE, SINGLE):
        return ComparedWith(against=name, comparison=None, why=f"no {name} for this task and model")
    if reference is None:
        return _against_controls(name, board[label], controls, unit)
    if reference == label:
        return ComparedWith(against=reference, comparison=None, why="is the reference itself")
    old, new = sample_results(board[reference]), sample_results(board[label])
    return _paired(reference, old, new)


def _against_controls(name: str, records: Sequence[Record], controls: Controls, unit: BudgetUnit) -> ComparedWith:
    """A strategy's first epoch against the vote, or the mean, of its matched control samples."""
    first = [record for record in records if record.epoch == 1]
    chosen = [(record, matched(record, controls.of(record.label, record.sample_id), unit)) for record in first]
    known = [(record, *found) for record, found in chosen if found is not None]
    if not known:
        what = "control samples" if not controls.by_label else f"control samples with known {unit}"
        return ComparedWith(
            against=name, comparison=None, why=f"no {what}; run with --hl-equal-budget", left_out=len(first)
        )
    score = voted if name == VOTE else averaged
    old = {record.sample_id: score(record, used) for record, used, _ in known}
    new = sample_results([record for record, _, _ in known])
    short = sum(is_short for _, _, is_short in known)
    return replace(_paired(name, old, new), short=short, left_out=len(first) - len(known))


def _paired(name: str, old: Mapping[str, SampleScore], new: Mapping[str, SampleScore]) -> ComparedWith:
    comparison = compare_cell(name, match_samples(old, new), margin=0.0, min_effect=MIN_EFFECT)
    why = "" if comparison is not None else "no sample has a score on both sides"
    return ComparedWith(against=name, comparison=comparison, why=why)


def _verdicts(compared: Iterable[ComparedWith]) -> dict[int, CellComparison]:
    """Identity of a comparison → the same with its verdict; Holm's correction is over all of them."""
    measured = [one.comparison for one in compared if one.comparison is not None]
    return {id(before): after for before, after in zip(measured, assign_verdicts(measured), strict=True)}


def _leaderboard(
    key: ModelKey,
    board: Mapping[str, Sequence[Record]],
    controls: Controls,
    unit: BudgetUnit,
    compared: Mapping[str, Sequence[ComparedWith]],
    verdicts: Mapping[int, CellComparison],
) -> Leaderboard:
    names = {record.sample_id for cell in board.values() for record in cell}
    rows = [
        with_compared(
            strategy_row(cell, samples=len(names)),
            [replace(one, comparison=verdicts.get(id(one.comparison))) for one in compared[label]],
        )
        for label, cell in board.items()
    ]
    rows.sort(key=lambda row: (not row.enough_scored, -(row.score.mean if row.score.mean is not None else -1.0)))
    votes = tuple(vote_sizes(controls, names))
    return Leaderboard(
        task=key[0],
        provider=key[1],
        slug=key[2],
        unit=unit,
        samples=len(names),
        rows=tuple(rows),
        votes=votes,
        front=pareto_front(key[0], [*_points(key[0], (*rows, *votes))], unit),
        debates=tuple(analyse_debates(record for cell in board.values() for record in cell)),
    )


def _points(task: str, rows: Iterable[StrategyRow | VoteSize]) -> Iterator[Point]:
    """Strategies and votes; without a mean if too few have a score: it would be over a choice of samples."""
    for row in rows:
        score = row.score if row.enough_scored else replace(row.score, mean=None)
        yield Point(
            task=task, name=row.name if isinstance(row, VoteSize) else row.label, score=score, spent=row.spent
        )
