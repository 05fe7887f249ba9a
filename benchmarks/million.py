"""Measures `hiddenlayer run` over many cases: CPU, wall time, peak memory and growth.

    python benchmarks/million.py [SIZE ...]     (default: 10000 100000)

Each size is a JSONL file of as many samples, answered by the provider `scripted` and scored by `exact`; run
log, metrics, gate and report are included. Then the same with two strategies and two epochs of a quarter of
the samples each, and `--resume` of the first run. Growth is against the size before: ten times the samples
may cost at most eleven times, and the peak of memory should stay the same.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Cost, cost_of

RUN = (sys.executable, "-m", "pytest_hiddenlayer.cli", "run", "--provider", "scripted")


def main(sizes: list[int]) -> None:
    """Print one line per size and way to run."""
    before: dict[str, tuple[int, Cost]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for name, cost in _runs(Path(folder), size):
                _print(name, size, cost, before.get(name))
                before[name] = (size, cost)


def _runs(folder: Path, size: int) -> Iterator[tuple[str, Cost]]:
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    _write_task(folder, size)
    yield "one cell", cost_of(RUN, folder)
    yield "resumed", cost_of((*RUN, "--resume", "last"), folder)
    several = ("--strategy", "single", "--strategy", "self_consistency", "--epochs", "2")
    yield "4 answers per sample", cost_of((*RUN, *several, "--limit", str(max(1, size // 4))), folder)


def _write_task(folder: Path, size: int) -> None:
    evals = folder / "evals"
    evals.mkdir()
    (evals / "many.yaml").write_text("task: many\nsamples: many.jsonl\nscorers: [exact]\n", encoding="utf-8")
    with (evals / "many.jsonl").open("w", encoding="utf-8") as file:
        for number in range(size):
            target = str(number) if number % 3 else "another"  # a third is wrong
            file.write(json.dumps({"id": f"row-{number}", "input": str(number), "target": target}) + "\n")


def _print(name: str, size: int, cost: Cost, before: tuple[int, Cost] | None) -> None:
    line = f"{name:22} {size:9,} samples: CPU {cost.cpu_s:7.1f} s, wall {cost.wall_s:7.1f} s, {cost.peak_mb:5.0f} MB"
    if before is not None:
        times = size / before[0]
        line += f"; {times:.0f} times the samples: {cost.cpu_s / before[1].cpu_s:.1f} times the CPU, "
        line += f"{cost.peak_mb / before[1].peak_mb:.2f} times the memory"
    print(line, flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
