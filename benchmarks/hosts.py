"""Measures the controller's CPU per item of a run with two hosts, against two workers of this computer.

    python benchmarks/hosts.py [REPEATS] [ITEMS]

The hosts are two copies of the project on this computer, so that no network takes part. The controller makes the
calls (of a scripted model), writes the log and distributes the items. CPU is that of its process, without workers;
the start is left out by the difference to a run of a tenth of the items. Medians of alternating runs.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CONFTEST = """
import resource
import sys


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print("CPU", usage.ru_utime + usage.ru_stime, file=sys.__stderr__)
"""
OPTIONS = ["evals", "-q", "-p", "no:html", "--hl-no-report", "--hl-provider", "scripted:replies.json"]


def main(repeats: int = 3, items: int = 2000) -> None:
    """Print milliseconds of CPU per item, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {n: _project(Path(folder) / str(n), n) for n in (items // 10, items)}
        found: dict[str, list[float]] = {"hosts": [], "-n 2": []}
        for _ in range(repeats):
            for name, costs in found.items():
                small_s, large_s = (_cpu_s(root, name) for root in sizes.values())
                costs.append(1000 * (large_s - small_s) / (items - items // 10))
    medians = {name: statistics.median(costs) for name, costs in found.items()}
    for name, cost_ms in medians.items():
        print(f"{name:6} {cost_ms:.2f} ms per item")
    print(f"ratio  {medians['hosts'] / medians['-n 2']:.2f}")


def _project(root: Path, items: int) -> Path:
    (root / "evals").mkdir(parents=True)
    rows = (json.dumps({"id": f"s{i}", "input": f"q{i}.", "target": "yes"}) for i in range(items))
    (root / "evals" / "data.jsonl").write_text("\n".join(rows) + "\n")
    (root / "evals" / "yes.yaml").write_text("task: sums\nscorers: [exact]\nsamples: data.jsonl\n")
    (root / "replies.json").write_text('{"default": "yes"}')
    (root / "conftest.py").write_text(CONFTEST)
    for name in ("mac2", "mac3"):
        shutil.copytree(root, root.parent / f"{root.name}-{name}", ignore=shutil.ignore_patterns("mac*"))
    return root


def _cpu_s(root: Path, name: str) -> float:
    copies = [root.parent / f"{root.name}-{host}" for host in ("mac2", "mac3")]
    hosts = [word for copy in copies for word in ("--tx", f"popen//chdir={copy}//python={sys.executable}")]
    command = [sys.executable, "-m", "pytest", *OPTIONS, *(hosts if name == "hosts" else name.split())]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    (cpu_s,) = re.findall(r"^CPU (\S+)$", done.stderr, re.M)
    return float(cpu_s)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
