"""`hiddenlayer votes RUN`: what other rules of self-consistency would have answered and saved."""

from __future__ import annotations

import argparse
import shutil
import sys

from ..terminal_escape import json_text
from .argument_types import at_least, named_run

HELP = "replay the votes of samples under other rules: accuracy, samples and tokens saved, pass@k"
EPILOG = """examples:
  hiddenlayer votes last
  hiddenlayer votes last --rule stop=adaptive,batch=2 --rule weights=mean_logprob,vote_temperature=0.1
  hiddenlayer votes last --rule stop=adaptive --orders 200 --json

exit status: 0 success; 4 no such run, no samples in it, or an invalid rule
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and the rules."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="PARAMETERS",
        help="parameters of self_consistency, such as stop=adaptive,batch=2; repeatable (default: a set of rules)",
    )
    parser.add_argument(
        "--orders",
        type=at_least(1),
        default=0,
        metavar="N",
        help="replay N random orders of the samples and average (default: the stored order)",
    )
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="seed of the orders (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the rules of every cell."""
    from ..analysis.votes.comparison import DEFAULT_RULES, replay_records
    from ..analysis.votes.text import votes_text
    from ..results.log.run_log import read_records

    rules = arguments.rule or DEFAULT_RULES
    records = read_records(named_run(arguments.name))
    cells = replay_records(records, rules, orders=arguments.orders, seed=arguments.seed)
    if arguments.json:
        print(json_text([cell.to_json() for cell in cells]))
    else:
        print(votes_text(cells, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()), end="")
    return 0
