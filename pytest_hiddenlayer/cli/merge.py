"""`hiddenlayer merge RUN...`: the runs of all shards become one run, and its gates are judged."""

from __future__ import annotations

import argparse
import sys

from ..option_table import OPTIONS
from .argument_types import add_run_options, current_project, named_run, written_values

HELP = "join the runs of all shards (--shard K/N) into one run, and judge its gates"
EPILOG = """examples:
  hiddenlayer merge shards/*/runs/*
  hiddenlayer merge 20261126T105729Z-7a924804 20261126T105731Z-0c5ff4d1 --baseline main
  hiddenlayer merge shards/*/runs/* --snapshot-update

exit status: 0 success; 1 a failure, a failed gate or a missing shard; 4 runs that do not belong together
"""
_OPTIONS = ("gate", "gate-underpowered", "match", "baseline", "strict", "reports", "no-report")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and the options of gates and files."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="ids or folders of the runs that were made with --shard"
    )
    add_run_options(parser, [option for option in OPTIONS if option.name in _OPTIONS])
    parser.add_argument(
        "--snapshot-update", action="store_true", help="write the snapshots instead of comparing with them"
    )


def run(arguments: argparse.Namespace) -> int:
    """Merge, and print the table as `hiddenlayer run` does."""
    from ..interface.merge import merge_runs
    from .run import print_run

    merged = merge_runs(
        [named_run(name) for name in arguments.runs],
        current_project(),
        written_values(arguments),
        updating=arguments.snapshot_update,
        command=["hiddenlayer", *sys.argv[1:]],
    )
    print_run(merged, [])
    return merged.exit_status
