"""Measures the wall time per eval item against a plain pytest item, as a ratio of medians in one run.

    python benchmarks/overhead.py [ITEMS] [REPEATS]

Both sides alternate and run the same number of items in new processes: recorded outputs scored
by `exact` through the plugin (run log, gate and the run's report included) against a parametrized
test function that compares two texts, with the report of pytest-html.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLAIN = """import pytest

@pytest.mark.parametrize("i", range({n}))
def test_item(i):
    assert str(i) == f"{{i}}"
"""


def main(items: int = 2000, repeats: int = 5) -> None:
    """Print the median seconds of both sides and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root, items)
        sides = {
            "plain": ["test_plain.py", "--html", "plain.html", "-p", "no:hiddenlayer"],
            "evals": ["evals", "--provider", "recorded"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(repeats):
            for name, arguments in sides.items():
                seconds[name].append(_run(root, arguments))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        print(f"{name}: {value:.2f} s for {items} items, {1000 * value / items:.2f} ms each")
    print(f"ratio evals / plain: {medians['evals'] / medians['plain']:.2f}")


def _write(root: Path, items: int) -> None:
    (root / "test_plain.py").write_text(PLAIN.format(n=items))
    (root / "pytest.ini").write_text("[pytest]\n")
    evals = root / "evals"
    evals.mkdir()
    (evals / "cost.yaml").write_text("task: cost\nsamples: rows.jsonl\nscorers: [exact]\noutputs: outputs.jsonl\n")
    rows = [{"id": f"s{i}", "input": f"say {i}", "target": str(i)} for i in range(items)]
    (evals / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    outputs = [{"id": f"s{i}", "output": str(i)} for i in range(items)]
    (evals / "outputs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in outputs))


def _run(root: Path, arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], cwd=root, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
