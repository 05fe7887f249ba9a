"""`hiddenlayer rounds RUN`: what happened in the debates of a run, round by round."""

from __future__ import annotations

import argparse
import shutil
import sys

from ..terminal_escape import json_text
from .argument_types import at_least, named_run

HELP = "debates round by round: accuracy and its drift, who persuades whom, what voting alone explains, scoring traps"
EPILOG = """examples:
  hiddenlayer rounds last
  hiddenlayer rounds last --task sums --strategy debate
  hiddenlayer rounds last --markdown > debates.md
  hiddenlayer rounds last --json

exit status: 0 success; 4 no such run, or no debate in it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and the form."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--task", metavar="NAME", help="only this task")
    parser.add_argument("--strategy", metavar="LABEL", help="only this strategy, by its label in the run")
    parser.add_argument(
        "--draws",
        type=at_least(100),
        default=2000,
        metavar="N",
        help="draws of the bootstrap interval of the share that voting explains (default: 2000)",
    )
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="seed of the draws (default: 0)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print Markdown")


def run(arguments: argparse.Namespace) -> int:
    """Print the debates of every cell."""
    from ..analysis.debates.analysis import debates_of_run
    from ..analysis.debates.text import debates_markdown, debates_text
    from ..results.log.run_log import read_records

    records = read_records(named_run(arguments.name))
    cells = debates_of_run(
        records, task=arguments.task, strategy=arguments.strategy, draws=arguments.draws, seed=arguments.seed
    )
    if arguments.json:
        print(json_text([cell.to_json() for cell in cells]))
    elif arguments.markdown:
        print(debates_markdown(cells), end="")
    else:
        print(debates_text(cells, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    return 0
