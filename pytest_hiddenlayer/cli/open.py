"""`hiddenlayer open RUN`: the report of a run in the browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..io.writable import reason
from .argument_types import named_run
from .terminal_input import relative_to_cwd

HELP = "open the report of a run in the browser"
EPILOG = """examples:
  hiddenlayer open                  the last run
  hiddenlayer open 20261126T0117    a run by the start of its id; `hiddenlayer runs` lists them
  hiddenlayer open last --no-browser
                                    only write the report if it is not up to date, and print its path

The report is one file, report.html in the folder of the run. It is written again if the files of the run are
newer, or if another version of pytest-hiddenlayer wrote it.

exit status: 0 success; 1 no browser was found; 4 no such run, or the report cannot be written
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and whether a browser shows it."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last` (default)")
    parser.add_argument("--no-browser", action="store_true", help="print the path of the report, and open nothing")


def run(arguments: argparse.Namespace) -> int:
    """Write the page if it is not up to date, print its path, open it. Raises UsageError, OSError."""
    page = current_page(named_run(arguments.name))
    print(relative_to_cwd(page), flush=True)
    if arguments.no_browser or _shown(page):
        return 0
    print("hiddenlayer: no browser was found; open the file in one, or use --no-browser", file=sys.stderr)
    return 1


def current_page(folder: Path) -> Path:
    """The run's page, written again if it is not up to date. If that fails, an old page is better than none."""
    from ..report.page.freshness import is_current
    from ..report.page.run_page import REPORT, write_run_page

    page = folder / REPORT
    if is_current(folder):
        return page
    try:
        return write_run_page(folder)
    except OSError as error:
        if not page.is_file():
            raise
        print(f"hiddenlayer: the report is out of date and cannot be written again: {reason(error)}", file=sys.stderr)
        return page


def _shown(page: Path) -> bool:
    """Whether a browser was asked to show the page."""
    import webbrowser

    try:
        return webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        return False
