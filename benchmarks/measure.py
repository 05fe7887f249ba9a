"""Measures wall time, CPU time and memory of commands, with medians over alternating runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Cost:
    """The cost of one command, including the children that it waited for."""

    wall_s: float
    cpu_s: float  # user and system
    peak_mb: float  # of the largest process


def cost_of(command: Sequence[str], cwd: Path, **environment: str) -> Cost:
    """Run a command and return its cost. Raises SystemExit with its output if it fails."""
    began = time.perf_counter()
    with (cwd / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
        _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{(cwd / 'output.txt').read_text()[-3000:]}")
    unit = 1024 if sys.platform == "linux" else 2**20
    return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def alternate(runs: Mapping[str, Callable[[], Cost]], repeats: int) -> dict[str, Cost]:
    """Return each run's median cost; the runs alternate, so that changes in load affect all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            costs[name].append(run())
    return {name: _median(values) for name, values in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, f.name) for cost in costs) for f in fields(Cost)))
