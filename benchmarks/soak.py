"""Measures what a long run keeps: memory, open files and threads of one pytest process while its items pass by.

    python benchmarks/soak.py [ITEMS]

A stub provider in the same process answers `single` and `self_consistency` of three samples, with cache, run log,
reports and gates; every tenth answer is wrong and every hundredth call fails. The plain side is a parametrized test
function, which pytest keeps an item of too: what grows beyond that is ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from items import PLAIN, STUB
from measure import PYTEST

EVERY = 10  # points of the curve
WATCH = """import json, os, threading

seen = 0


def pytest_runtest_logfinish(nodeid, location):
    global seen
    seen += 1
    if seen % {step} == 0:
        rss = int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        point = {{"items": seen, "mb": rss / 1e6, "files": len(os.listdir("/proc/self/fd")),
                 "threads": threading.active_count(), "temporary": len(os.listdir(os.environ["TMPDIR"]))}}
        with open("points.jsonl", "a") as out:
            out.write(json.dumps(point) + "\\n")
"""
WRONG = """        if int(text) % 100 == 0:
            raise RuntimeError("the server is down")
        text = "no" if int(text) % 10 == 1 else text
        usage"""


def main(items: int = 50_000) -> None:
    """Print both curves, and how much memory an item adds."""
    if not Path("/proc/self/statm").exists():
        raise SystemExit("soak.py reads /proc, which this system has not: run it on Linux")
    with tempfile.TemporaryDirectory() as folder:
        added = {side: _side(Path(folder) / side, side, items) for side in ("plain", "evals")}
    print(f"memory added per item, evals / plain: {added['evals'] / added['plain']:.2f}")


def _side(root: Path, side: str, items: int) -> float:
    """Run one side and print its curve; the kB that an item adds after the first tenth."""
    (root / "evals").mkdir(parents=True)
    (root / "tmp").mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "conftest.py").write_text(STUB.replace("        usage", WRONG, 1) + WATCH.format(step=items // EVERY))
    if side == "plain":
        (root / "test_plain.py").write_text(PLAIN.format(n=items))
        command = ["test_plain.py", "-p", "no:hiddenlayer"]
    else:
        _write_tasks(root / "evals", items)
        command = ["evals", "--provider", "stub", "--hl-cache=all", "--hl-gate=off"]
    environment = {**os.environ, "TMPDIR": str(root / "tmp"), "XDG_CACHE_HOME": str(root / "cache")}
    with (root / "output.txt").open("wb") as output:  # its exit status is 1: calls fail
        command = [*PYTEST, *command, "-p", "no:html", "--tb=no", "-r", "N"]
        done = subprocess.run(command, cwd=root, stdout=output, stderr=output, env=environment, check=False)
    if done.returncode not in (0, 1) or not (root / "points.jsonl").exists():
        raise SystemExit((root / "output.txt").read_text()[-3000:])
    points: list[dict[str, Any]] = [json.loads(line) for line in (root / "points.jsonl").read_text().splitlines()]
    for point in points:
        print(f"{side:6}", *(f"{name} {value:.0f}" for name, value in point.items()), sep="  ")
    return 1000 * (points[-1]["mb"] - points[0]["mb"]) / (points[-1]["items"] - points[0]["items"])


def _write_tasks(folder: Path, items: int) -> None:
    for name, n in (("single", items // 2), ("self_consistency", items - items // 2)):
        samples = "".join(json.dumps({"id": f"s{i}", "input": f"say {i}", "target": str(i)}) + "\n" for i in range(n))
        (folder / f"{name}.jsonl").write_text(samples)
        given = {name: {"n_samples": 3}} if name != "single" else name
        form = {"task": name, "samples": f"{name}.jsonl", "scorers": ["exact"], "strategies": [given]}
        (folder / f"{name}.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in form.items()))


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
