"""The same job in one process and over four workers of pytest-xdist, which share one model, limit and cache.

    python benchmarks/workers.py [REPEATS] [ITEMS]

Two jobs: the debates of `evals/` with the bundled model, and ITEMS samples of a remote model (the tests'
fake server, 200 ms per response, 32 calls in flight). Wall seconds, medians of alternating runs, and peak memory of
the largest process.
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
        asked = ["--provider", "openai:fake-1", "--hl-base-url", f"{server.url}/v1"]
        _tell("mlx debates", alternate(_ways(local, ["-k", "debate"]), repeats))
        _tell(
            f"{items} remote",
            alternate(_ways(remote, [*asked, "--hl-cache", "off", "--hl-concurrency", "32"]), repeats),
        )


def _ways(root: Path, options: Sequence[str]) -> dict[str, partial[Cost]]:
    return {n: partial(cost_of, [*PYTEST, "evals", "-n", n, "-p", "no:html", *options], root) for n in ("0", "4")}


def _tell(job: str, found: dict[str, Cost]) -> None:
    for n, cost in found.items():
        print(f"{job:12} -n {n}: {cost.wall_s:6.1f} s, {cost.peak_mb:.0f} MB")
    print(f"{job:12} ratio -n 4 / -n 0: {found['4'].wall_s / found['0'].wall_s:.2f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
