"""Measures the same job in one process and with four pytest-xdist workers, which share model, limit and cache.

    python benchmarks/workers.py [REPEATS] [ITEMS]

There are two jobs: the debates of `evals/` with the bundled model, and ITEMS samples of a remote model (the
tests' fake server, 200 ms per answer, 32 calls in flight). The output is wall seconds, medians of alternating
runs, and the peak memory of the largest process.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fake_server import fake_server
from measure import PYTEST, Cost, alternate, cost_of
from remote import write

EVALS = Path(__file__).parents[1] / "evals"


def main(repeats: int = 3, items: int = 1000) -> None:
    """Print both jobs."""
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with tempfile.TemporaryDirectory() as folder, fake_server(process=True, latency_s=0.2) as server:
        local, remote = Path(folder) / "local", Path(folder) / "remote"
        shutil.copytree(EVALS, local / "evals")
        (local / "pytest.ini").write_text("[pytest]\n")
        remote.mkdir()
        write(remote, items)
        options = ["--provider", "openai:fake-1", "--hl-base-url", f"{server.url}/v1"]
        options += ["--hl-cache", "off", "--hl-concurrency", "32"]
        _print_job("mlx debates", alternate(_runs(local, ["-k", "debate"]), repeats))
        _print_job(f"{items} remote", alternate(_runs(remote, options), repeats))


def _runs(root: Path, options: Sequence[str]) -> dict[str, partial[Cost]]:
    return {n: partial(_cost, [*PYTEST, "evals", "-n", n, "-p", "no:html", *options], root) for n in ("0", "4")}


def _cost(command: Sequence[str], root: Path) -> Cost:
    """The cost of a command that uses compiled modules, whatever the environment says: five processes import."""
    return cost_of(command, root, PYTHONDONTWRITEBYTECODE="")


def _print_job(job: str, costs: dict[str, Cost]) -> None:
    for n, cost in costs.items():
        print(f"{job:12} -n {n}: {cost.wall_s:6.1f} s, {cost.peak_mb:.0f} MB")
    print(f"{job:12} ratio -n 4 / -n 0: {costs['4'].wall_s / costs['0'].wall_s:.2f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
