"""What loading the plugin costs where no eval is: `pytest --co -q` in an empty folder, with and without it.

    python benchmarks/startup.py [REPEATS]

CPU seconds, medians of alternating runs; compiled files are warm.
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
        ways = {
            name: partial(cost_of, given, Path(folder), PYTHONDONTWRITEBYTECODE="") for name, given in sides.items()
        }
        alternate(ways, 1)  # compiles what is not compiled yet
        found = alternate(ways, repeats)
    for name, cost in found.items():
        print(f"{name:8} {cost.cpu_s:.3f} s CPU, {cost.peak_mb:.0f} MB")
    print(f"the plugin: {found['with'].cpu_s - found['without'].cpu_s:+.3f} s CPU")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
