"""The page of two references compared: the records of both sides, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...results.log.lean_records import without_texts
from ...results.log.run_log import read_records
from ...results.log.summary import summary
from ...results.metrics.run_metrics import metrics_of_run
from ...results.regression.baseline import Baseline, CellKey
from ...results.regression.compare_runs import RunComparison
from ...results.regression.references import Reference
from ...results.regression.sources import RunRecords
from ..changes.changed_cells import changes_json
from ..changes.snapshot_cells import snapshot_cell, snapshot_records
from .cell_statistics import PageStatistics
from .changes import change_words
from .log_reader import LoggedRecord, LogReader
from .overview import page_cell
from .page_writer import PageWriter
from .run_files import RunFiles, cell_key, read_run_files


@dataclass(kw_only=True, slots=True)
class Side:
    """One side of a comparison, and its cells that are compared or have no partner."""

    reference: Reference
    cells: Mapping[CellKey, Baseline]
    name: str = ""
    statistics: PageStatistics = field(default_factory=PageStatistics)
    files: RunFiles | None = None  # None: snapshots

    def read(self) -> None:
        """Set name and files."""
        self.name = reference_name(self.reference)
        if isinstance(self.reference.source, RunRecords):
            self.files = read_run_files(self.reference.source.folder)

    def rows(self) -> Iterator[LoggedRecord]:
        """The records of the side's cells; of a snapshot, rows without a record."""
        if self.files is None:
            for cell in self.cells.values():
                for record in snapshot_records(cell):
                    yield LoggedRecord(record=record, content=b"null")
            return
        log = LogReader(folder=self.files.folder)
        for logged in log:
            if logged.record.cell in self.cells:
                self.statistics.add(logged.record)
                yield logged
        self.files.notices += log.notices()


def write_comparison_page(comparison: RunComparison, old: Side, new: Side, path: Path) -> None:
    """Write the page of a comparison. Raises OSError if it cannot be written."""
    for side in (old, new):
        side.read()
    if old.name == new.name:
        new.name += " (new)"  # a reference compared with itself
    changed = {**changes_json(comparison, outputs=False), "old": old.name, "new": new.name}
    tags = {key: words for side in (old, new) if side.files for key, words in side.files.tags.items()}
    with PageWriter(tags=tags, changes=_words(comparison, changed)) as page:
        for side in (old, new):
            for logged in side.rows():
                page.add(logged, side.name)
        page.write(path, _overview(comparison, changed, old, new), changed)


def reference_name(reference: Reference) -> str:
    """A name that holds later too: the run's id instead of `last`, with the selected model and strategy."""
    source = reference.source
    name = source.folder.name if isinstance(source, RunRecords) else source.name
    model = f"@{reference.model}" if reference.model else ""
    return f"{name}{model}{f'#{reference.label}' if reference.label else ''}"


def _words(comparison: RunComparison, changed: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    """The changes by cell and sample, of the cells of both sides."""
    words = change_words(changed)
    for pair, cell in zip(comparison.cells, changed["cells"], strict=True):
        for flip in cell["flips"]:
            words.setdefault((*pair.old.key, flip["sample"]), words[(*pair.new.key, flip["sample"])])
    return words


def _overview(comparison: RunComparison, changed: Mapping[str, Any], old: Side, new: Side) -> dict[str, Any]:
    sides = (old, new)
    verdicts = {
        pair.new.key: {"gate": cell["verdict"], "comparison": cell["comparison"], "gate_message": cell["fault"]}
        for pair, cell in zip(comparison.cells, changed["cells"], strict=True)
    }
    nothing = {"gate": None, "comparison": None, "gate_message": None}
    return {
        "format": 1,
        "kind": "comparison",
        "title": f"{new.name} against {old.name}",
        "runs": [{"name": side.name, "manifest": side.files.manifest if side.files else {}} for side in sides],
        "live": False,
        "complete": all(side.files is None or side.files.complete for side in sides),
        "notices": [notice for side in sides for notice in _notices(side)],
        "cells": [
            page_cell(
                {**cell, **nothing, **(verdicts.get(cell_key(cell), {}) if side is new else {})}, side.statistics, run
            )
            for run, side in enumerate(sides)
            for cell in _cells(side)
        ],
        "notes": [],
    }


def _cells(side: Side) -> Sequence[Mapping[str, Any]]:
    """The summaries of the side's cells."""
    if side.files is None:
        return [snapshot_cell(cell) for cell in side.cells.values()]
    cells = side.files.cells
    if cells is None:
        folder = side.files.folder
        cells = summary(list(metrics_of_run(folder, map(without_texts, read_records(folder)))), {})
    return [cell for cell in cells if cell_key(cell) in side.cells]


def _notices(side: Side) -> Iterator[dict[str, str]]:
    if side.files is None:
        yield {
            "level": "info",
            "text": f"{side.name} is a snapshot: it holds answers and scores, no prompts, outputs or calls.",
        }
        return
    for notice in side.files.notices:
        yield {**notice, "text": f"{side.name}: {notice['text']}"}
    if not side.files.complete:
        yield {"level": "warning", "text": f"{side.name}: this run did not end as planned; it may lack answers."}
