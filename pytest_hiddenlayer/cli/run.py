"""`hiddenlayer run`: the same as `pytest evals`, without pytest."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..terminal_escape import visible
from .argument_types import add_run_options, current_project, written_values
from .live_line import LiveLine

if TYPE_CHECKING:
    from ..session.eval_run import EvalRun

HELP = "answer and score task files without pytest: same records, costs, gates and exit status"
EPILOG = """examples:
  hiddenlayer run                                    the project's evals with the bundled model
  hiddenlayer run evals/sums.yaml --strategy debate  one task, one strategy
  hiddenlayer run --provider openai:gpt-5.4-mini --budget 2
  hiddenlayer run --engine ray --ray-address auto    the workers of a Ray cluster answer
  hiddenlayer run --snapshot-update                  write the baselines that later runs are compared with

exit status: 0 success; 1 a failure, an error, a failed gate, or every sample was skipped; 2 interrupted;
4 a wrong option or path; 5 no samples
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The paths and the options of a run."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="task files or folders (default: evals)")
    add_run_options(parser)
    parser.add_argument(
        "--snapshot-update", action="store_true", help="write the snapshots instead of comparing with them"
    )
    _add_engine_arguments(parser.add_argument_group("answering on the nodes of a Ray cluster (docs/ray.md)"))


def _add_engine_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--engine", metavar="local|ray", help="who answers: this process (default), or Ray's workers")
    group.add_argument(
        "--ray-address",
        metavar="HOST:PORT|auto",
        help="the cluster's head; auto: the one of this node (default: RAY_ADDRESS, else a cluster on this machine)",
    )
    group.add_argument(
        "--ray-workers", metavar="N", help="processes that answer (default: as many as the cluster can hold)"
    )
    group.add_argument(
        "--ray-resources",
        metavar="NAME=N,...",
        help="what one worker occupies, such as GPU=1 or CPU=4,big_memory=1 (default: CPU=1)",
    )
    group.add_argument(
        "--ray-env",
        metavar="NAME",
        action="append",
        help="variable of this environment that the workers get too, such as OPENAI_API_KEY; repeatable",
    )
    group.add_argument("--ray-wait", metavar="SECONDS", help="how long to wait for a worker (default: 120)")


def run(arguments: argparse.Namespace) -> int:
    """Run, print progress and the table. Returns pytest's exit status."""
    from ..api import evaluate_paths, run_options
    from ..ray_engine.choice import NAMES, engine_of
    from ..session.conftests import load_conftests
    from ..session.progress import Progress
    from ..session.task_paths import eval_paths

    project = current_project(arguments.paths)
    paths = eval_paths(project, [Path(path) for path in arguments.paths])
    load_conftests(project.root, paths)
    written = written_values(arguments)
    options, progress = run_options(project, written), Progress()
    engine = {name: getattr(arguments, name.replace("-", "_")) for name in NAMES}
    open_runtime = engine_of(engine, options, project, paths)
    with LiveLine(progress.line) as live_line:
        eval_run = evaluate_paths(
            paths,
            options,
            project,
            updating=arguments.snapshot_update,
            command=["hiddenlayer", *sys.argv[1:]],
            typed=written,
            progress=progress,
            notify=live_line.print,
            open_runtime=open_runtime,
        )
    print_run(eval_run, paths)
    return eval_run.exit_status


def print_run(eval_run: EvalRun, paths: list[Path]) -> None:
    """Print the errors, the table, the gates and where the run is; `paths` are those of its task files."""
    from ..session.text import place_lines, session_lines, stopped_line

    for error in eval_run.errors:
        print(f"hiddenlayer: {error}", file=sys.stderr)
    for reason, count in eval_run.skips.most_common():
        print(f"{count:,} skipped: {reason}", file=sys.stderr)
    if eval_run.exit_status == 5:
        places = ", ".join(map(str, paths))
        print(f"hiddenlayer: no task file under {places}; a task file has a top-level `task:` key", file=sys.stderr)
        return
    for line in session_lines(eval_run.session, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()):
        print(line)
    for line in _unscored(eval_run):
        print(line)
    for failure in eval_run.failures:
        print(failure)
    for line in eval_run.session.write_faults.lines():
        print(f"hiddenlayer: {line}", file=sys.stderr)
    if eval_run.records:
        for line in place_lines(eval_run.session, Path.cwd()):
            print(line)
    if eval_run.interrupted:
        print(f"hiddenlayer: {stopped_line(eval_run.session)}", file=sys.stderr)


def _unscored(eval_run: EvalRun) -> Iterator[str]:
    """Why answers have no score, equal reasons counted."""
    from ..session.answers.selection import unscored

    reasons = Counter((record.outcome, record.error or "no reason given") for record in unscored(eval_run.session))
    for (outcome, reason), count in reasons.most_common():
        yield f"{count:,} x {outcome}: {visible(reason)}"
