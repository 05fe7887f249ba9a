"""What fine-tuning won and lost, task by task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...finetuning.fuse import FusedModel
from ...finetuning.run import FinetuneResult
from ...report.text_table import grid
from ...results.regression.compare_runs import CellPair
from ...terminal_escape import one_line
from ..comparisons import Comparison
from ..runs import Run

WON, LOST, UNDECIDED = "won", "lost", "no verdict"
_STYLES = {WON: "green", LOST: "red"}
_WORDS = {"improved": WON, "regressed": LOST, "same": "same"}
_HEADERS = ("task", "strategy", "before", "after", "difference", "95 % interval", "p", "samples", "result")


@dataclass(frozen=True, kw_only=True, slots=True)
class FinetuneComparison:
    """A trained adapter, and how base and adapter answer the tasks. Runs and comparison are None if not evaluated."""

    training: FinetuneResult
    target: str  # the task that the adapter was trained for
    experiment: str  # id of the run whose metrics.jsonl has the loss curves
    before: Run | None = None  # of the base
    after: Run | None = None  # of base and adapter
    comparison: Comparison | None = None
    page: Path | None = None  # the comparison as a report
    fused: FusedModel | None = None
    notes: tuple[str, ...] = ()  # what could not be evaluated

    @property
    def folder(self) -> Path:
        """The adapter."""
        return self.training.folder

    @property
    def cells(self) -> tuple[CellPair, ...]:
        """Every task and strategy before and after: won, then lost, then the others; the target first in each."""
        if self.comparison is None:
            return ()
        rank = {WON: 0, LOST: 1}
        cells = self.comparison.comparison.cells
        return tuple(sorted(cells, key=lambda cell: (rank.get(verdict_of(cell), 2), cell.task != self.target)))

    @property
    def won(self) -> tuple[str, ...]:
        """Tasks that are significantly better, after Holm's correction over all."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells if verdict_of(cell) == WON))

    @property
    def lost(self) -> tuple[str, ...]:
        """Tasks that are significantly worse, or of whose answers too few could be scored any more."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells if verdict_of(cell) == LOST))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: the tasks won and lost, both runs, and the comparison of every cell."""
        training, compared = self.training, self.comparison
        return {
            "adapter": str(self.folder),
            "model": training.model,
            "target": self.target,
            "experiment": self.experiment,
            "training": {
                "stopped": training.stopped,
                "steps": training.steps,
                "first_loss": training.first_loss,
                "best_loss": training.best_loss,
                "best_step": training.best_step,
                "left_out": dict(training.left_out),
                "warnings": list(training.warnings),
            },
            "fused": None if self.fused is None else str(self.fused.folder),
            "evaluation": None if compared is None else self.evaluation(),
        }

    def evaluation(self) -> dict[str, Any]:
        """Return what finetuning.json keeps of the evaluations."""
        assert self.before is not None
        assert self.after is not None
        assert self.comparison is not None
        return {
            "before": self.before.run_id,
            "after": self.after.run_id,
            "target": self.target,
            "won": list(self.won),
            "lost": list(self.lost),
            "notes": list(self.notes),
            "comparison": self.comparison.to_json(),
        }

    def text(self, *, width: int = 120, colour: bool = False) -> str:
        """Return the table of tasks and a sentence on what was won and lost."""
        cells = self.cells
        if not cells:
            return "not evaluated"
        rows = [_row(cell, self.target) for cell in cells]
        styles = [_STYLES.get(row[-1], "") for row in rows]
        table = grid(_HEADERS, rows, width=width, colour=colour, fold=("task",), styles=styles)
        return "\n".join((table, *self._sentences()))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"FinetuneComparison({str(self.folder)!r}, won={list(self.won)}, lost={list(self.lost)})"

    def _repr_html_(self) -> str:
        from ...report.html_template import load_template
        from ..outcomes import TEMPLATES

        rows = [dict(zip(_HEADERS, _row(cell, self.target), strict=True)) for cell in self.cells]
        template = load_template(TEMPLATES / "finetuning.html.jinja")
        return template.render(headers=_HEADERS, rows=rows, sentences=list(self._sentences()))

    def _sentences(self) -> Iterator[str]:
        unknown = [cell.task for cell in self.cells if cell.comparison is None]
        not_compared = f"; not compared: {_listed(unknown)}" if unknown else ""
        yield f"won: {_listed(self.won)}; lost: {_listed(self.lost)}{not_compared}"
        families = [cell.comparison.family for cell in self.cells if cell.comparison]
        if max(families, default=0) > 1:
            yield f"* the task of the training; p after Holm's correction over {max(families)} comparisons"
        for cell in self.cells:
            if reason := cell.fault or cell.not_measured:
                yield one_line(f"{cell.task}: {reason}")
        yield from map(one_line, self.notes)


def verdict_of(cell: CellPair) -> str:
    """`won`, `lost`, `same` or `no verdict`. Answers that lost their score count as wrong."""
    compared = cell.comparison
    if compared is None:
        return LOST if _no_longer_measured(cell) else UNDECIDED
    if compared.lost_counts or _no_longer_measured(cell):
        return LOST
    return _WORDS.get(compared.verdict, UNDECIDED)


def _no_longer_measured(cell: CellPair) -> bool:
    """Whether enough answers of the base had a score, and not enough of the adapter's."""
    old = cell.old
    return cell.not_measured is not None and bool(old.n_answers) and old.n_scored / old.n_answers >= old.min_scored


def _row(cell: CellPair, target: str) -> Sequence[str]:
    compared, strategy = cell.comparison, cell.new.key[1]
    task = f"{cell.task}{' *' if cell.task == target else ''}"
    if compared is None:
        return (task, strategy, "?", "?", "?", "?", "?", "0", verdict_of(cell))
    paired = compared.paired
    low_high = "?" if paired.ci95 is None else f"[{paired.ci95[0]:+.3f}, {paired.ci95[1]:+.3f}]"
    p = compared.p_better if paired.difference > 0 else compared.p_worse
    return (
        task,
        strategy,
        f"{compared.old.mean:.3f}",
        f"{compared.new.mean:.3f}",
        f"{paired.difference:+.3f}",
        low_high,
        "< 0.001" if p < 0.001 else f"{p:.3f}",
        str(paired.n),
        verdict_of(cell),
    )


def _listed(tasks: Sequence[str]) -> str:
    return ", ".join(tasks) or "nothing"
