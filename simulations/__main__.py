"""Measures every check and writes the table of docs/statistics.md; exit status 1 if a rate leaves its band.

    python -m simulations [--runs N] [--only TEXT]

`--runs` replaces the number of runs of every check, and `--only` selects checks by name; the
table is written only without both.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from . import debates, gates, intervals
from .check import Check, Rate, holds, measure
from .table import write_table

DOCUMENT = Path(__file__).parents[1] / "docs" / "statistics.md"


def all_checks() -> list[Check]:
    """Every check, in the order of the table."""
    return [*intervals.checks(), *gates.checks(), *debates.checks()]


def main() -> int:
    """Measure, print and write. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m simulations", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, help="runs of every check")
    parser.add_argument("--only", default="", metavar="TEXT", help="only checks whose name contains TEXT")
    arguments = parser.parse_args()
    checks = [check for check in all_checks() if arguments.only in check.name]
    rates = []
    with ProcessPoolExecutor() as pool:
        numbers = [index for index, check in enumerate(all_checks()) if arguments.only in check.name]
        measured = pool.map(_measure, numbers, [arguments.runs] * len(numbers))
        for check, rate in zip(checks, measured, strict=True):
            rates.append(rate)
            print(_line(check, rate), flush=True)
    if arguments.runs is None and not arguments.only:
        write_table(DOCUMENT, checks, rates)
    return int(not all(holds(check, rate) for check, rate in zip(checks, rates, strict=True)))


def _measure(number: int, runs: int | None) -> Rate:
    return measure(all_checks()[number], runs)


def _line(check: Check, rate: Rate) -> str:
    word = "ok " if holds(check, rate) else "RED"
    band = f"{check.low:.0%} to {check.high:.0%}"
    return f"{word} {rate.value:6.1%} ± {rate.error:.1%} of {rate.runs:4}  {band:12} {check.name}"


if __name__ == "__main__":
    sys.exit(main())
