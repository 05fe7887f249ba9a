"""`hiddenlayer compare OLD NEW`: what became better or worse; exit status 1 if a gate would fail."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SnapshotError, UsageError, did_you_mean
from ..results.regression.gate_messages import list_names
from ..terminal_escape import json_text
from .argument_types import current_project, named_run, share
from .markdown_options import add_markdown_options, markdown_settings

if TYPE_CHECKING:
    from ..results.regression.baseline import Baseline, CellKey
    from ..results.regression.compare_runs import RunComparison
    from ..results.regression.references import Reference

HELP = "compare two runs, snapshot folders, snapshots or git refs"
EPILOG = """examples:
  hiddenlayer compare main last              the committed snapshots of main against the last run
  hiddenlayer compare last#single last#debate
  hiddenlayer compare main last --markdown   a comment for a pull request
  hiddenlayer compare main last --html changes.html

exit status: 0 nothing regressed; 1 a cell regressed, was not compared or lost too many answers;
4 a reference that does not exist
"""

REFERENCE = (
    "a path, a run id, `last` or a git ref, then optionally @PROVIDER:MODEL and #STRATEGY to select cells; "
    "@PROVIDER:MODEL alone means the committed snapshots"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two references, and how to compare and show them."""
    add_references(parser)
    parser.add_argument(
        "--equal-budget",
        action="store_true",
        help="compare the strategies of run NEW with single answers at the same number of calls and tokens: "
        "its control samples, or the single answers of run OLD over epochs",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON")
    output.add_argument(
        "--markdown", action="store_true", help="print Markdown for a comment on a pull request or a step summary"
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="also write one self-contained page with the samples that changed, and the records of both sides",
    )
    add_markdown_options(parser)


def add_references(parser: argparse.ArgumentParser) -> None:
    """OLD and NEW, and how their samples are paired."""
    parser.add_argument("old", metavar="OLD", help=REFERENCE)
    parser.add_argument("new", metavar="NEW", help="the reference to compare with OLD, written in the same way")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument(
        "--match",
        choices=("hash", "id"),
        default="hash",
        help="pair samples with the same id and prompt (default), or with the same id, to compare prompts",
    )
    parser.add_argument(
        "--margin",
        type=share,
        default=0.0,
        metavar="X",
        help="non-inferiority margin: the tolerated drop (default: 0)",
    )
    parser.add_argument(
        "--min-effect",
        type=share,
        default=0.05,
        metavar="X",
        help="equivalence margin: smaller differences do not matter (default: 0.05)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison."""
    from ..report.comparison import table
    from ..report.markdown.comparison import comparison_markdown

    settings = markdown_settings(arguments)
    if arguments.equal_budget:
        return _equal_budget(arguments)
    old, new = _references(arguments)
    comparison = _compared(arguments, old, new)
    _say_outdated(old, new)
    if arguments.html is not None:
        _write_page(arguments, comparison, old, new)
    if arguments.json:
        print(json_text(comparison.to_json()))
    elif arguments.markdown:
        print(comparison_markdown(comparison, **settings), end="")
    else:
        width = shutil.get_terminal_size().columns
        print(f"{comparison.new} against {comparison.old}")
        print(table(comparison, width=width, colour=sys.stdout.isatty()), end="")
    return 1 if comparison.failed else 0


def _equal_budget(arguments: argparse.Namespace) -> int:
    """Print the compute-matched comparison of NEW. Raises UsageError if there are no control samples."""
    from ..report.budget_match import find, text
    from ..results.budget_match.controls_from_run import with_control_samples
    from ..results.log.run_log import read_records

    if arguments.markdown or arguments.html:
        raise UsageError("--equal-budget prints a table or --json; leave out --markdown and --html")
    old, new = (list(read_records(named_run(name))) for name in (arguments.old, arguments.new))
    records = [
        record for record in with_control_samples(new, old) if not arguments.task or record.task in arguments.task
    ]
    findings = find(records)
    if not any(strategy.against_controls for strategy in findings.compared):
        raise UsageError(
            f"nothing to compare at equal budget: {arguments.new} has no control samples of a strategy that "
            f"makes several calls, and {arguments.old} has too few single answers per sample. "
            "Make them with --hl-equal-budget, or with --hl-strategy single --hl-epochs N --hl-temperature 0.8"
        )
    if arguments.json:
        print(json_text(findings.to_json()))
    else:
        print(text(findings, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    return 0


def compare(arguments: argparse.Namespace) -> RunComparison:
    """The comparison of the two references. Raises UsageError if they have no cell in common."""
    return _compared(arguments, *_references(arguments))


def _references(arguments: argparse.Namespace) -> tuple[Reference, Reference]:
    from ..results.regression.references import open_reference

    project, cwd = current_project(), Path.cwd()
    old, new = (
        open_reference(name, root=project.root, cwd=cwd, reports=project.reports)
        for name in (arguments.old, arguments.new)
    )
    return old, new


def _say_outdated(*sides: Reference) -> None:
    """Say on stderr if a run's `records.parquet` was not used, because it does not hold the run's records."""
    from ..results.log.record_file import outdated_parquet
    from ..results.regression.sources import RunRecords

    for source in (side.source for side in sides):
        if isinstance(source, RunRecords) and (outdated := outdated_parquet(source.folder)) is not None:
            print(outdated, file=sys.stderr)


def _compared(arguments: argparse.Namespace, old: Reference, new: Reference) -> RunComparison:
    from ..results.regression.compare_runs import compare_references

    comparison = compare_references(
        old,
        new,
        tasks=arguments.task,
        match=arguments.match,
        margin=arguments.margin,
        min_effect=arguments.min_effect,
    )
    if not comparison.cells and not comparison.faults:
        raise UsageError(_nothing_in_common(arguments, old, new))
    return comparison


def _write_page(arguments: argparse.Namespace, comparison: RunComparison, old: Reference, new: Reference) -> None:
    """Write the page and name it on stderr. Raises UsageError if it cannot be written."""
    from ..io.writable import reason
    from ..report.page.comparison_page import Side, write_comparison_page

    before, now = (Side(reference=side, cells=_selected(side, arguments.task)) for side in (old, new))
    try:
        write_comparison_page(comparison, before, now, arguments.html.absolute())
    except OSError as error:
        raise UsageError(f"--html {arguments.html}: the page cannot be written: {reason(error)}") from error
    print(f"page: {arguments.html}", file=sys.stderr)


def _nothing_in_common(arguments: argparse.Namespace, old: Reference, new: Reference) -> str:
    tasks = sorted({*old.source.tasks(), *new.source.tasks()})
    unknown = [task for task in arguments.task if task not in tasks]
    if unknown:
        return f"--task {unknown[0]!r}: no such task on either side{did_you_mean(unknown[0], tasks)}"
    sides = [
        list_names(sorted({"-".join(key[1:3]) for key in _selected(side, arguments.task)})) for side in (old, new)
    ]
    return (
        f"{arguments.old} and {arguments.new} have no cell in common: "
        f"{sides[0] or 'nothing'} against {sides[1] or 'nothing'}. "
        "Choose other models or strategies with @PROVIDER:MODEL and #STRATEGY"
    )


def _selected(side: Reference, tasks: list[str]) -> dict[CellKey, Baseline]:
    chosen = [task for task in side.source.tasks() if not tasks or task in tasks]
    cells = [cell for task in chosen for cell in side.source.cells(task).values()]
    return {cell.key: cell for cell in cells if not isinstance(cell, SnapshotError) and side.selects(cell)}
