"""Finished runs: listed, loaded, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ..errors import UsageError
from ..io.json_text import decode_json
from ..io.jsonl import read_lines
from ..io.regular_files import read_text
from ..project import find_project
from ..results.log.run_listing import RunEntry, list_runs
from ..results.log.run_log import MANIFEST, METRICS, find_run, read_records
from ..results.metrics.cells import by_cell, compute_metrics, config_from_records
from ..terminal_escape import visible
from ..types import Record
from .outcomes import TEMPLATES

if TYPE_CHECKING:
    import pandas as pd

    from ..export.tables import What


class Run:
    """A run on disk: its manifest, cells, records and logged values."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def run_id(self) -> str:
        """The id of the run: the name of its folder."""
        return self.folder.name

    @property
    def name(self) -> str | None:
        """The name of an experiment; None for a run of task files."""
        name: str | None = self.manifest.get("name")
        return name

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """`run.json`: command, versions, git commit, start, seed, models, tasks, configuration."""
        return dict(_read_json(self.folder / MANIFEST, dict))

    @cached_property
    def records(self) -> list[Record]:
        """Every record, in the order in which they were written."""
        return list(read_records(self.folder))

    @cached_property
    def cells(self) -> list[Mapping[str, Any]]:
        """One object of `summary.json` per cell; computed from the records if the run was interrupted.

        Raises UsageError if the summary cannot be read, is of another version or was edited.
        """
        path = self.folder / "summary.json"
        if path.is_file():
            from ..export.exported_run import check_cells

            return check_cells(_read_json(path, list), path)
        metrics = (compute_metrics(config_from_records(cell), cell) for cell in by_cell(self.records).values())
        return [{**cell.to_json(), "gate": None, "comparison": None} for cell in metrics]

    @cached_property
    def metrics(self) -> list[Mapping[str, Any]]:
        """What `tracker.log` wrote: one object per call, with `time` and `step`."""
        path = self.folder / METRICS
        return [values for _, values in read_lines(path, "logged values")] if path.is_file() else []

    @property
    def score(self) -> float | None:
        """The mean of the cells' scores, each with the same weight; None if no cell has one."""
        scores = [cell["score"] for cell in self.cells if cell.get("score") is not None]
        return sum(scores) / len(scores) if scores else None

    @property
    def cost_usd(self) -> float | None:
        """The cost of all cells in US dollars; None if one is unknown."""
        costs = [cell.get("cost_usd") for cell in self.cells]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def samples_df(self) -> pd.DataFrame:
        """One row per record (a sample answered once); see `SAMPLE_COLUMNS`. Needs pandas."""
        from .frames import samples_df

        return samples_df(self.records)

    def calls_df(self) -> pd.DataFrame:
        """One row per model call; `record_id` joins it to `samples_df`. Needs pandas."""
        from .frames import calls_df

        return calls_df(self.records)

    def cells_df(self) -> pd.DataFrame:
        """One row per task × strategy × model. Needs pandas."""
        from .frames import cells_df

        return cells_df(self.run_id, self.cells)

    def metrics_df(self) -> pd.DataFrame:
        """One row per `tracker.log`. Needs pandas."""
        from .frames import frame

        return frame(self.metrics)

    def export(
        self,
        to: str,
        output: str | Path | None = None,
        *,
        what: What | None = None,
        against: str | None = None,
        force: bool = False,
    ) -> str:
        """Return the run as csv, jsonl, markdown, latex or junit, or write it in any format and return the place.

        As `hiddenlayer export`: `what` is samples, calls or cells, `against` what `latex` and `paper`
        compare with, `force` replaces what exists. Raises UsageError.
        """
        from ..export.formats import export_run
        from .python_arguments import python_arguments

        with python_arguments():
            exported = export_run(self, to, output, what=what, against=against, force=force, cwd=Path.cwd())
        return str(exported.place if exported.text is None else exported.text)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Run({self.run_id!r}{name}, cells={len(self.cells)}, score={_rounded(self.score)})"

    def _repr_html_(self) -> str:
        from ..report.html_template import load_template

        return load_template(TEMPLATES / "run.html.jinja").render(run=self)


class RunList(Sequence[RunEntry]):
    """The runs of a project, the latest first."""

    def __init__(self, entries: Sequence[RunEntry], reports: Path) -> None:
        self._entries, self._reports = list(entries), reports

    @overload
    def __getitem__(self, index: int) -> RunEntry: ...
    @overload
    def __getitem__(self, index: slice) -> RunList: ...
    def __getitem__(self, index: int | slice) -> RunEntry | RunList:
        if isinstance(index, slice):
            return RunList(self._entries[index], self._reports)
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[RunEntry]:
        return iter(self._entries)

    def load(self, index: int = 0) -> Run:
        """The run at this position."""
        return Run(self._reports / "runs" / self._entries[index].run_id)

    def df(self) -> pd.DataFrame:
        """One row per run. Needs pandas."""
        from .frames import frame

        return frame([entry.to_json() for entry in self._entries])

    def __repr__(self) -> str:
        return _table(self._entries[:20]) + _more(len(self._entries)) if self._entries else "no runs"

    def _repr_html_(self) -> str:
        from ..report.html_template import load_template

        return load_template(TEMPLATES / "runs.html.jinja").render(entries=self._entries[:50], n=len(self._entries))


def runs(*, task: str | None = None, cwd: str | Path | None = None) -> RunList:
    """Return the runs of the current project, the latest first; only those of a task if one is named."""
    project = find_project(Path(cwd or Path.cwd()))
    entries = [entry for entry in list_runs(project.reports) if task is None or task in entry.tasks]
    return RunList(entries, project.reports)


def load_run(name: str | Path | RunEntry = "last", *, cwd: str | Path | None = None) -> Run:
    """Return a run by id, the beginning of an id, path, `last`, or an entry of `runs()`.

    Raises UsageError if there is no such run.
    """
    project = find_project(Path(cwd or Path.cwd()))
    written = name.run_id if isinstance(name, RunEntry) else str(name)
    folder = find_run(project.root, written, reports=project.reports)
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder}: not a run, as it holds no {MANIFEST}; name a folder below reports/runs")
    return Run(folder)


def _read_json(path: Path, kind: type) -> Any:
    try:
        value = decode_json(read_text(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}; is the run's folder complete?") from error
    if not isinstance(value, kind):
        raise UsageError(f"{path}: expected a JSON {'object' if kind is dict else 'list'}; was it edited?")
    return value


def _table(entries: Sequence[RunEntry]) -> str:
    from ..report.text_table import grid

    rows = [
        (entry.run_id, _names(entry.name, entry.tasks), _names(None, entry.models), _rounded(entry.score))
        for entry in entries
    ]
    return grid(("run", "name or tasks", "models", "mean score"), rows, width=150, colour=False).rstrip("\n")


def _names(name: str | None, others: Sequence[str]) -> str:
    more = f" +{len(others) - 3}" if len(others) > 3 else ""
    return visible(name or ", ".join(others[:3]) + more) or "?"


def _more(n: int) -> str:
    return f"\n… {n - 20} older runs" if n > 20 else ""


def _rounded(score: float | None) -> str:
    return "?" if score is None else f"{score:.3f}"
