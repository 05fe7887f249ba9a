"""`hiddenlayer hosts check`: what the hosts of a run lack, before anything is spent."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..option_table import OPTIONS
from ..terminal_escape import json_text, visible
from .argument_types import add_run_options, at_least

if TYPE_CHECKING:
    from ..hosts.report import HostReport

HELP = "check what the hosts of a run lack: versions, models, files, clock"
EPILOG = """examples:
  hiddenlayer hosts check --tx ssh=mac2//python=evals/bin/python
  hiddenlayer hosts check --tx ssh=mac2//python=evals/bin/python --tx 2*popen --provider mlx --model smollm2
  hiddenlayer hosts check evals --tx ssh=mac2//python=/opt/evals/bin/python//chdir=/home/me/project --json

exit status: 0 every host has all that a run needs; 1 a host lacks something; 4 a wrong option, spec or path
"""
HEADERS = ("host", "workers", "machine", "python", "clock", "round trip", "result")
_OPTIONS = ("provider", "model", "adapter", "judge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The action `check`, its hosts, and what they must have."""
    actions = parser.add_subparsers(dest="action", metavar="check", required=True)
    check = actions.add_parser(
        "check",
        help=HELP,
        description=HELP + ". Nothing is installed or written on a host.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    check.add_argument("paths", nargs="*", metavar="PATH", help="files and folders of the run (default: the project)")
    check.add_argument(
        "--tx",
        action="append",
        default=[],
        metavar="SPEC",
        help="a host, as for pytest, such as ssh=NAME//python=PATH; repeat it",
    )
    check.add_argument(
        "--px", action="append", default=[], metavar="SPEC", help="a proxy, which via=ID in --tx names; repeat it"
    )
    check.add_argument(
        "--connect-timeout",
        type=at_least(1),
        metavar="S",
        help="seconds to wait until Python runs on a host (default: 30)",
    )
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(parser=check)  # for unknown options
    add_run_options(check, [option for option in OPTIONS if option.name in _OPTIONS])


def run(arguments: argparse.Namespace) -> int:
    """Check all hosts, print a table and what each lacks. Returns 1 if one lacks something."""
    from ..hosts.connection import CONNECT_S
    from ..interface.hosts import check_hosts
    from ..interface.python_arguments import command_options

    with command_options():
        reports = check_hosts(
            arguments.tx,
            px=arguments.px,
            paths=arguments.paths,
            provider=arguments.hl_provider,
            model=arguments.hl_model,
            adapter=arguments.hl_adapter,
            judge=arguments.hl_judge,
            timeout_s=arguments.connect_timeout or CONNECT_S,
        )
    if arguments.json:
        print(json_text({"hosts": [report.to_json() for report in reports]}))
    else:
        print_reports(reports)
    return 0 if all(report.fits for report in reports) else 1


def print_reports(reports: Sequence[HostReport]) -> None:
    """Print the table, and below it what each host lacks, and what should be known."""
    from ..report.text_table import grid

    rows = [_row(report) for report in reports]
    styles = ["green" if report.fits else "red" for report in reports]
    width = shutil.get_terminal_size().columns
    print(grid(HEADERS, rows, width=width, colour=sys.stdout.isatty(), right=("workers",), styles=styles))
    for report in reports:
        for level, word in (("fault", "lacks"), ("note", "note")):
            for finding in report.findings:
                if finding.level == level:
                    print(visible(f"{report.name}: {word}: {finding.check}: {finding.text}"))
    fitting = sum(report.fits for report in reports)
    print(f"{fitting} of {len(reports)} hosts {'has' if fitting == 1 else 'have'} all that a run needs")


def _row(report: HostReport) -> tuple[str, ...]:
    from ..hosts.analysis import machine_text

    facts, times = report.facts, report.times
    faults = len(report.texts("fault"))
    return (
        report.name,
        str(report.workers),
        machine_text(facts) if facts else "?",
        ".".join(map(str, facts.python)) if facts else "?",
        f"{times.offset_s:+.2f} s" if times else "?",
        f"{times.round_trip_s * 1000:.1f} ms" if times else "?",
        "fits" if report.fits else f"{faults} fault{'s' if faults != 1 else ''}",
    )
