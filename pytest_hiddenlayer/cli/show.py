"""`hiddenlayer show RUN`: the table of a run with its wrong answers, or the transcripts of one sample."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..errors import UsageError, did_you_mean
from ..identifiers import controlled
from ..results.regression.gate_messages import list_names
from ..session.outcomes import case_name
from ..terminal_escape import block, json_text, one_line
from ..types import Record
from .argument_types import named_run
from .markdown_options import add_markdown_options, markdown_settings

if TYPE_CHECKING:
    from ..results.run_reader import RunReader

HELP = "show a run: its table and its wrong answers; with --sample the transcripts"
EPILOG = """examples:
  hiddenlayer show                            the last run: its table and its wrong answers
  hiddenlayer show 20261126T0117              a run by the start of its id
  hiddenlayer show last --sample france       every transcript of one sample
  hiddenlayer show last --bootstrap 2000      intervals by a bootstrap too
  hiddenlayer show last --json                the cells of the table

exit status: 0 success; 4 no such run or sample
"""
MAX_ANSWERS = 1000
"""How many answers that are not right are listed, without --all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and what to show of it."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--sample", metavar="ID", help="print every transcript of this sample")
    parser.add_argument("--all", action="store_true", help="also list right answers and control samples")
    parser.add_argument(
        "--calibration",
        action="store_true",
        help="add how well confidences match right answers: ECE, Brier, AUROC, AURC",
    )
    parser.add_argument(
        "--bootstrap",
        metavar="DRAWS",
        type=int,
        default=0,
        help="add 95 %% intervals by a cluster bootstrap with this many draws, such as 2000",
    )
    parser.add_argument(
        "--markdown", action="store_true", help="print Markdown for a comment on a pull request or a step summary"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the cells as JSON; with --sample the records with their transcripts",
    )
    add_markdown_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the run."""
    from ..results.log.record_file import outdated_parquet
    from ..results.run_reader import open_run

    if arguments.bootstrap and arguments.bootstrap < 100:
        raise UsageError(
            f"--bootstrap {arguments.bootstrap}: at least 100 draws are needed; write 2000, which is usual"
        )
    settings = markdown_settings(arguments)
    for option in ("sample", "calibration", "bootstrap", "json"):
        if arguments.markdown and getattr(arguments, option):
            raise UsageError(f"--markdown shows the whole run; leave out --{option}, or --markdown")
    shown = open_run(named_run(arguments.name))
    if (outdated := outdated_parquet(shown.folder)) is not None:
        print(outdated, file=sys.stderr)
    if arguments.markdown:
        _markdown(shown, settings, everything=arguments.all)
    elif arguments.json:
        print(json_text(_json(shown, arguments)))
    elif arguments.sample is not None:
        _transcripts(_of_sample(shown, arguments.sample, everything=arguments.all))
    else:
        _overview(shown, everything=arguments.all, calibration=arguments.calibration, draws=arguments.bootstrap)
    return 0


def _overview(shown: RunReader, *, everything: bool, calibration: bool, draws: int) -> None:
    from ..report.budget_match import find, text
    from ..report.table import cell_table
    from ..results.log.resume import left_out_suffix

    print(f"run {shown.folder.name}: {shown.n} records{left_out_suffix(shown.folder)}")
    width, colour = shutil.get_terminal_size().columns, sys.stdout.isatty()
    print(cell_table(shown.metrics(), {}, width=width, colour=colour, calibration=calibration), end="")
    if shown.control_records:
        print(text(find(shown.control_records), width=width, colour=colour), end="")
    _answers(shown, everything=everything)
    if draws:
        _intervals(shown, draws)


def _answers(shown: RunReader, *, everything: bool) -> None:
    """Print the answers that are not right, at most `MAX_ANSWERS`, or with `everything` all answers."""
    listed = iter(shown.listed(controls=everything, right=everything))
    for record in listed if everything else islice(listed, MAX_ANSWERS):
        got = record.answer if record.answer is not None else record.output
        why = record.error or f"expected {record.target!r}, got {got!r}"
        print(f"{record.outcome:<10} {case_name(record)} {why}")
    if not everything and next(listed, None) is not None:
        print(f"... more than {MAX_ANSWERS:,} answers are not right; `hiddenlayer export --to csv` writes them all")


def _json(shown: RunReader, arguments: argparse.Namespace) -> list[Any]:
    """The cells as in `summary.json`, or the records of one sample."""
    if arguments.sample is not None:
        return [record.to_json() for record in _of_sample(shown, arguments.sample, everything=arguments.all)]
    return [cell.to_json() for cell in shown.metrics(bootstrap=arguments.bootstrap)]


def _markdown(shown: RunReader, settings: dict[str, Any], *, everything: bool) -> None:
    from ..report.markdown.run import run_markdown
    from ..results.metrics.run_metrics import metrics_of_run
    from ..results.metrics.spending import with_replaced_answers

    records = list(shown.listed(controls=everything, right=True))
    metrics = with_replaced_answers(list(metrics_of_run(shown.folder, records)), records)
    print(run_markdown(shown.folder.name, metrics, records, **settings), end="")


def _intervals(shown: RunReader, draws: int) -> None:
    """Print every score's interval as in the summary, and by a cluster bootstrap."""
    from ..report.details import INTERVALS, interval_rows
    from ..report.text_table import grid

    both = zip(*(shown.metrics(bootstrap=n, replaced=False) for n in (0, draws)), strict=True)
    metrics = [metrics for pair in both for metrics in pair]
    width = shutil.get_terminal_size().columns
    print(grid(INTERVALS, interval_rows(metrics), width=width, colour=sys.stdout.isatty()))


def _of_sample(shown: RunReader, sample: str, *, everything: bool) -> list[Record]:
    """The records of a sample, without control samples unless `everything`. Raises UsageError if there are none."""
    chosen = [record for record in shown.of_sample(sample) if everything or controlled(record.label) is None]
    if not chosen:
        ids = shown.samples()
        hint = did_you_mean(sample, ids) or f"; it has {list_names(sorted(ids))}"
        raise UsageError(f"--sample {sample!r}: this run has no such sample{hint}")
    return chosen


def _transcripts(records: Sequence[Record]) -> None:
    for record in records:
        print(f"== {case_name(record)} {record.outcome}")
        for call in record.transcript:
            _print_call(call)
        if record.traceback is not None:
            print(*block(record.traceback), sep="\n")
        print(f"   target {record.target!r}, answer {record.answer!r}")
        for name, score in record.scores.items():
            value = "no score" if score["value"] is None else f"{score['value']:.3g}"
            why = f": {score['explanation']}" if score["explanation"] else ""
            print(one_line(f"   {name} {value}{why}"))
        print()


def _print_call(call: Mapping[str, Any]) -> None:
    """Print a call of a transcript; of another program's record, `?` is what it does not say."""
    print(f"-- {call.get('role', '?')}, round {call.get('round', '?')}, {call.get('finish_reason', '?')}")
    for message in call.get("messages", ()):
        print(f"   {message['role']}: {message['content']}")
    print(f"   → {call.get('completion', '?')}")
