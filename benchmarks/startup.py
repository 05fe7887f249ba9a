"""Measures the CPU time of loading the plugin: `pytest --co -q` in an empty folder, with and without it.

    python benchmarks/startup.py [REPEATS]

The output is CPU seconds, medians of alternating runs with warm bytecode caches.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import PYTEST, alternate, cost_of


def main(repeats: int = 15) -> None:
    """Print both sides and their difference."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "import sys, pytest; pytest.main(sys.argv[1:])", *PYTEST[3:], "--co"]
        sides = {"with": command, "without": [*command, "-p", "no:hiddenlayer"]}
        runs = {
            name: partial(cost_of, arguments, Path(folder), PYTHONDONTWRITEBYTECODE="")
            for name, arguments in sides.items()
        }
        alternate(runs, 1)  # writes the bytecode caches
        costs = alternate(runs, repeats)
    for name, cost in costs.items():
        print(f"{name:8} {cost.cpu_s:.3f} s CPU, {cost.peak_mb:.0f} MB")
    print(f"the plugin: {costs['with'].cpu_s - costs['without'].cpu_s:+.3f} s CPU")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
