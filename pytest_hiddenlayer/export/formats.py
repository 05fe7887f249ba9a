"""`export_run`: a run in the format of another program, as text, a file, a folder or entries of a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from ..errors import UsageError, did_you_mean
from .exported_run import ExportedRun
from .tables import What, csv_text, jsonl_text, parquet_bytes, table_of
from .writing import write_file

FORMATS = {
    "csv": "samples, calls or cells for spreadsheets and R",
    "parquet": "samples, calls or cells for pandas, polars and DuckDB; needs the extra `parquet`",
    "jsonl": "samples, calls or cells, one JSON object per line",
    "markdown": "a table of cells with intervals",
    "latex": "a booktabs table of cells with intervals and marks of significance",
    "paper": "a folder with a paper that compiles: tables, figures, numbers as macros; needs the extra `plots`",
    "inspect": "a folder with one Inspect log (.eval) per cell",
    "mlflow": "MLflow runs in a local or remote store; needs the extra `mlflow`",
    "junit": "JUnit XML with one test case per answer",
}
TEXTS = ("csv", "jsonl", "markdown", "latex", "junit")
"""Formats that can be printed."""
TABLES = ("csv", "parquet", "jsonl")
_DEFAULTS = {
    "parquet": "{run}-{what}.parquet",
    "paper": "paper-{run}",
    "inspect": "inspect-{run}",
    "mlflow": "mlflow",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What an export made: a text, or a place."""

    text: str | None = None
    place: str | None = None  # of a file, a folder or a store
    note: str = ""  # one sentence on what is there


def export_run(
    run: ExportedRun,
    to: str,
    output: str | Path | None = None,
    *,
    what: What | None = None,
    against: str | None = None,
    force: bool = False,
    cwd: Path,
) -> Exported:
    """Write a run in a format of FORMATS, or return its text if `output` is None or `-` and the format is a text.

    `what` selects the rows of a table (default: samples). `against` is a reference that the marks of `latex`
    and `paper` compare with. Raises UsageError for a wrong name, a missing package, or an output that exists
    (without `force`) or cannot be written.
    """
    _check(to, output, what, against)
    if not run.records:
        raise UsageError(f"{run.folder}: this run has no record, so there is nothing to export; name another run")
    if to in TEXTS:
        text = _text(run, to, what or "samples", against, cwd)
        if output in (None, "-"):
            return Exported(text=text)
        return Exported(place=str(write_file(Path(str(output)), text, force=force)))
    place = str(output or _DEFAULTS[to].format(run=run.run_id, what=what or "samples"))
    if to == "parquet":
        content = parquet_bytes(table_of(run, what or "samples"))
        return Exported(place=str(write_file(Path(place), content, force=force)))
    return _to_folder(run, to, place, against=against, force=force, cwd=cwd)


def _text(run: ExportedRun, to: str, what: What, against: str | None, cwd: Path) -> str:
    if to == "csv":
        return csv_text(table_of(run, what))
    if to == "jsonl":
        return jsonl_text(table_of(run, what))
    if to == "markdown":
        from .markdown import markdown_text

        return markdown_text(run)
    if to == "latex":
        from .latex.table import latex_text
        from .significance import significance_of

        return latex_text(run, significance_of(run, against, cwd=cwd))
    from .junit import junit_text

    return junit_text(run)


def _to_folder(run: ExportedRun, to: str, place: str, *, against: str | None, force: bool, cwd: Path) -> Exported:
    if to == "inspect":
        from .inspect_log.write import write_inspect_logs

        paths = write_inspect_logs(run, Path(place), force=force)
        return Exported(
            place=place,
            note=f"{len(paths)} log{'s' * (len(paths) != 1)}; look at them with: inspect view --log-dir {place}",
        )
    if to == "mlflow":
        from .mlflow_store import log_to_mlflow

        return Exported(place=place, note=log_to_mlflow(run, place, force=force))
    from .paper.write import write_paper
    from .significance import significance_of

    write_paper(run, Path(place), significance_of(run, against, cwd=cwd), force=force)
    return Exported(place=place, note="compile it there with: pdflatex main && pdflatex main")


def _check(to: str, output: str | Path | None, what: str | None, against: str | None) -> None:
    if to not in FORMATS:
        raise UsageError(f"--to {to!r}: no such format{did_you_mean(to, FORMATS)}; there are {', '.join(FORMATS)}")
    if what is not None and what not in get_args(What):
        raise UsageError(f"--what {what!r}: no such rows; there are {', '.join(get_args(What))}")
    if what is not None and to not in TABLES:
        raise UsageError(f"--what {what}: --to {to} has no choice of rows; use it with {', '.join(TABLES)}")
    if against is not None and to not in ("latex", "paper"):
        raise UsageError(
            f"--against {against}: --to {to} shows no comparison; use it with latex or paper, "
            "or `hiddenlayer compare`"
        )
    if str(output) == "-" and to not in TEXTS:
        raise UsageError(f"--output -: --to {to} is not a text; name a file or folder")
