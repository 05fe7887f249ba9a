"""What a process costs: wall clock, CPU and memory of a command, and medians over alternating rounds."""

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
    """Of one command and of the children it waited for."""

    wall_s: float
    cpu_s: float  # user and system
    peak_mb: float  # of the largest process


def cost_of(command: Sequence[str], cwd: Path, **environment: str) -> Cost:
    """Run a command that must succeed. Raises SystemExit with what it printed where it does not."""
    began = time.perf_counter()
    with (cwd / "printed.txt").open("wb") as printed:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=printed, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
        _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{(cwd / 'printed.txt').read_text()[-3000:]}")
    unit = 1024 if sys.platform == "linux" else 2**20
    return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def alternate(ways: Mapping[str, Callable[[], Cost]], repeats: int) -> dict[str, Cost]:
    """The medians of each way; the ways take turns, so that a busy minute hits all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            costs[name].append(way())
    return {name: _median(values) for name, values in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, f.name) for cost in costs) for f in fields(Cost)))
