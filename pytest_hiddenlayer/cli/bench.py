"""`hiddenlayer bench strategies`: all strategies on a task, compared at matched calls, tokens or cost."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..interface.bench.options import MATCHES, NOT_TAKEN
from ..option_table import OPTIONS
from ..terminal_escape import json_text
from .argument_types import add_run_options, named_run, written_values
from .live_line import LiveLine
from .terminal_input import read_line

if TYPE_CHECKING:
    from ..interface.bench.result import StrategyBench
    from ..interface.bench.run import PreparedBench
    from ..session.eval_run import EvalRun

HELP = "compare strategies at matched calls, tokens or cost: leaderboard, paired differences, Pareto set"
EPILOG = """examples:
  hiddenlayer bench strategies --task evals/sums.yaml
  hiddenlayer bench strategies --task evals/sums.yaml --model smollm2 --strategies debate,self_consistency:n_samples=9
  hiddenlayer bench strategies --task evals/sums.yaml --provider openai:gpt-5.4-mini --match cost --budget 2
  hiddenlayer bench strategies last --against self_consistency --output comparison.md

exit status: 0 success; 1 errors or unanswered samples; 2 interrupted; 4 a wrong option, strategy, path or run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is compared, on what, at which budget, and where the result goes."""
    parser.add_argument("what", choices=("strategies",), help="what is compared")
    parser.add_argument("name", metavar="RUN", nargs="?", help="a finished run of several strategies; asks no model")
    parser.add_argument("--task", action="append", default=[], metavar="PATH", help="task file to answer; repeatable")
    parser.add_argument(
        "--strategies",
        default="all",
        metavar="NAMES",
        help="all (default), or names with parameters, joined by commas: debate:n_agents=5,preset:self_moa",
    )
    parser.add_argument(
        "--match", choices=MATCHES, default="calls", help="what the compared budgets have in common (default: calls)"
    )
    parser.add_argument(
        "--against",
        default="vote",
        metavar="LABEL",
        help="reference of the differences: vote, the vote of as many plain samples as the budget pays for "
        "(default), or a strategy; single is always compared with too",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write the result as .md or .json")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write score against budget as .png or .svg")
    parser.add_argument("--yes", action="store_true", help="do not ask before a model that may cost money is called")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_run_options(parser, [option for option in OPTIONS if option.name not in NOT_TAKEN])


def run(arguments: argparse.Namespace) -> int:
    """Compare, print and write. Returns the exit status."""
    from ..errors import UsageError

    _check_files(arguments)
    typed = written_values(arguments)
    chosen = arguments.strategies != "all"
    if arguments.name and (arguments.task or chosen or typed):
        given = "--task" if arguments.task else "--strategies" if chosen else f"--{next(iter(typed))}"
        raise UsageError(f"bench strategies {arguments.name} {given}: a finished run is only read; leave one out")
    if arguments.name:
        from ..interface.bench.run import bench_run
        from ..interface.runs import Run

        bench = bench_run(Run(named_run(arguments.name)), match=arguments.match, against=arguments.against)
        return _show(bench, arguments)
    if not arguments.task:
        raise UsageError("bench strategies: nothing to compare; name a task with --task PATH, or a finished run")
    return _answer(arguments)


def _answer(arguments: argparse.Namespace) -> int:
    from ..interface.bench.run import compared, prepare_bench
    from ..session.progress import Progress

    typed = written_values(arguments)
    prepared = prepare_bench(
        arguments.task, typed, strategies=arguments.strategies, match=arguments.match, against=arguments.against
    )
    for line in prepared.plan.lines():
        print(line, file=sys.stderr)
    if not _confirmed(prepared, arguments):
        print("hiddenlayer: nothing was asked", file=sys.stderr)
        return 2
    progress = Progress()
    with LiveLine(progress.line) as live_line:
        answered = prepared.run(command=["hiddenlayer", *sys.argv[1:]], progress=progress, notify=live_line.print)
    status = _show(compared(answered, prepared.plan, match=arguments.match, against=arguments.against), arguments)
    print(f"run: {answered.run_id}", file=sys.stderr)
    return 2 if answered.interrupted else 1 if _lacks_answers(answered) else status


def _lacks_answers(answered: EvalRun) -> bool:
    """Whether something could not be answered: wrong answers are results, errors and skipped samples are none."""
    failed = any(record.outcome in ("error", "skipped") for record in answered.records)
    return failed or bool(answered.errors) or not answered.records


def _confirmed(prepared: PreparedBench, arguments: argparse.Namespace) -> bool:
    """Whether the models may be called: they are free, or the user says so. Raises UsageError without a terminal."""
    from ..errors import UsageError

    if arguments.yes or not prepared.plan.paid:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "bench strategies: the models may cost money, and there is no terminal to ask; add --yes, "
            "and --budget for a limit"
        )
    return (read_line("Ask the models? [y/N] ") or "").lower() in ("y", "yes")


def _check_files(arguments: argparse.Namespace) -> None:
    """Raise UsageError for files of another type, before anything is asked."""
    from ..errors import UsageError

    for option, path, types in (
        ("--output", arguments.output, (".md", ".json")),
        ("--picture", arguments.picture, (".png", ".svg")),
    ):
        if path is not None and path.suffix.lower() not in types:
            raise UsageError(f"{option} {path}: its type is {path.suffix or 'missing'}; write {' or '.join(types)}")
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"{option} {path}: the folder {path.parent} does not exist; create it")


def _show(bench: StrategyBench, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json_text(bench.to_json()))
    else:
        print(bench.text(width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    if (path := arguments.output) is not None:
        text = bench.markdown() if path.suffix.lower() == ".md" else json_text(bench.to_json()) + "\n"
        path.write_text(text, encoding="utf-8")
        print(f"written: {path}", file=sys.stderr)
    if arguments.picture is not None:
        bench.plot().savefig(arguments.picture)
        print(f"picture: {arguments.picture}", file=sys.stderr)
    return 0
