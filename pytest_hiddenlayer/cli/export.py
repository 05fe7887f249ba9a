"""`hiddenlayer export RUN --to FORMAT`: a run for spreadsheets, papers, Inspect, MLflow and CI servers."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..export.formats import FORMATS
from ..export.tables import WHATS

HELP = "write a run as CSV, Parquet, JSONL, Markdown, LaTeX, a paper, an Inspect log, MLflow runs or JUnit XML"
EPILOG = (
    "formats:\n"
    + "".join(f"  {name:<9} {text}\n" for name, text in FORMATS.items())
    + """
examples:
  hiddenlayer export last --to csv > samples.csv
  hiddenlayer export last --to parquet --what calls --output calls.parquet
  hiddenlayer export last --to latex --against main --output table.tex
  hiddenlayer export last --to paper --output paper && make -C paper
  hiddenlayer export last --to inspect --output logs
  hiddenlayer export last --to mlflow --output tracking

exit status: 0 written; 4 a run, a format, a package or an output that does not exist or cannot be used
"""
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the format, and where it goes."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--to", required=True, choices=tuple(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument(
        "--output",
        metavar="PLACE",
        help="file, or folder for paper, inspect and mlflow, or MLflow address; `-` prints a text (default)",
    )
    parser.add_argument("--what", choices=WHATS, help="rows of csv, parquet and jsonl (default: samples)")
    parser.add_argument(
        "--against",
        metavar="REF",
        help="for latex and paper: mark what is significantly better or worse than this run, snapshot folder or git "
        "ref, written as for `compare` (default: the baseline of the run)",
    )
    parser.add_argument("--force", action="store_true", help="replace existing output")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the export."""
    from ..export.formats import export_run
    from ..interface.runs import load_run
    from .output import print_file

    exported = export_run(
        load_run(arguments.name),
        arguments.to,
        arguments.output,
        what=arguments.what,
        against=arguments.against,
        force=arguments.force,
        cwd=Path.cwd(),
    )
    if exported.text is not None:
        print_file(exported.text)
    else:
        print(f"wrote {exported.place}" + (f": {exported.note}" if exported.note else ""))
    return 0
