"""The page of one run, written from the files of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...results.log.lean_records import without_texts
from ...results.log.parquet_file import RECORDS_PARQUET
from ...results.log.record_file import RECORDS
from ...results.log.run_log import MANIFEST
from ...results.log.summary import SUMMARY, summary
from ...types import Record
from ..page_limit import PageRecords
from ..probe_data import ProbeFiles
from .cell_statistics import PageStatistics
from .changes import change_words, changes
from .log_reader import LogReader
from .overview import overview
from .page_writer import PageWriter
from .run_files import early_end_notices, read_run_files

REPORT = "report.html"


def write_run_page(folder: Path, path: Path | None = None) -> Path:
    """Write the page of the run in `folder`, by default as its `report.html`; returns the file's path.

    What is missing or damaged in the folder is said in the page. Raises UsageError if the folder
    holds no run, OSError if the page cannot be written.
    """
    path = path or folder / REPORT
    if not any((folder / name).exists() for name in (MANIFEST, RECORDS, RECORDS_PARQUET, SUMMARY)):
        raise UsageError(
            f"{folder}: no run: it holds neither {MANIFEST} nor {RECORDS}; `hiddenlayer runs` lists runs"
        )
    files, log, statistics = read_run_files(folder), LogReader(folder=folder), PageStatistics()
    lean: list[Record] = []  # for metrics, if no summary has them
    changed, probes, shown = changes(folder), ProbeFiles(folder=folder), PageRecords(log, files.cells)
    with PageWriter(tags=files.tags, changes=change_words(changed)) as page:
        for logged in shown:
            content = probes.added(logged.record, logged.content)
            page.add(logged if content is logged.content else replace(logged, content=content), folder.name)
            statistics.add(logged.record)
            if files.cells is None:
                lean.append(without_texts(logged.record))
        if files.cells is None:
            files.cells = _computed_cells(lean)
        n_recorded = max(page.columns.n, shown.n_all)
        files.notices += [*shown.notices(folder.name), *early_end_notices(files, n_recorded), *log.notices()]
        files.notices += probes.notices()
        page.write(path, overview(folder, statistics, files), changed)
    return path


def _computed_cells(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The cells of a run without a summary, as far as its records show them."""
    from ...results.metrics.cells import by_cell, compute_metrics, config_from_records
    from ...results.metrics.spending import with_replaced_answers

    metrics = [compute_metrics(config_from_records(cell), cell) for cell in by_cell(records).values()]
    return summary(with_replaced_answers(metrics, records), {})
