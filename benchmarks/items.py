"""Measures the CPU time per eval item and the memory of many items against plain pytest, in one run.

    python benchmarks/items.py [ITEMS] [REPEATS] [MANY]

A stub provider in the same process answers immediately and `exact` scores; run log, gate and table are
included. The plain side is a parametrized function that compares two texts. The start-up (the same run
with ten items) is subtracted. MANY is the number of items for memory and growth; 0 skips that part.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import PYTEST, Cost, alternate, cost_of

FEW = 10
PLAIN = """import pytest

@pytest.mark.parametrize("i", range({n}))
def test_item(i):
    assert str(i) == f"{{i}}"
"""
STUB = """from pytest_hiddenlayer import Completion, Usage, provider

@provider("stub")
class Stub:
    def __init__(self, model=None):
        self.model = model or "stub-1"

    async def complete(self, request):
        text = request.messages[-1].content.rpartition(" ")[2]
        usage = Usage(input_tokens=4, output_tokens=1, calls=1)
        return Completion(text=text, usage=usage, finish_reason="stop", model=self.model, latency_s=0.0, cost_usd=0.0)

    async def close(self):
        pass
"""

SIDES = {
    "plain": ["test_plain.py", "-p", "no:hiddenlayer", "-p", "no:html"],
    "evals": ["evals", "--provider", "stub", "-p", "no:html"],
    "plain with html": ["test_plain.py", "-p", "no:hiddenlayer", "--html", "plain.html"],
    "evals with html": ["evals", "--provider", "stub"],
}


def main(items: int = 10_000, repeats: int = 3, many: int = 100_000) -> None:
    """Print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        costs = alternate({f"{side} {n}": run for n in (FEW, items) for side, run in _runs(folder, n)}, repeats)
        _print_items(costs, items)
        if many:
            large = alternate({side: run for side, run in _runs(folder, many) if "html" not in side}, 1)
            _print_many(costs, large, items, many)


def _print_items(costs: dict[str, Cost], items: int) -> None:
    per_item = {side: _per_item_ms(costs, side, items) for side in SIDES}
    for side, value in per_item.items():
        start, peak = costs[f"{side} {FEW}"].cpu_s, costs[f"{side} {items}"].peak_mb
        print(f"{side:16} {value:5.2f} ms CPU per item, start-up {start:.2f} s, {peak:.0f} MB")
    for html in ("", " with html"):
        print(f"ratio evals / plain{html}: {per_item['evals' + html] / per_item['plain' + html]:.2f}")


def _per_item_ms(costs: dict[str, Cost], side: str, items: int) -> float:
    return 1000 * (costs[f"{side} {items}"].cpu_s - costs[f"{side} {FEW}"].cpu_s) / (items - FEW)


def _print_many(costs: dict[str, Cost], large: dict[str, Cost], items: int, many: int) -> None:
    for side, cost in large.items():
        growth = cost.cpu_s / costs[f"{side} {items}"].cpu_s
        print(f"{side:16} {many} items: {growth:.1f} times the CPU of {items}, {cost.peak_mb:.0f} MB")


def _runs(folder: str, n: int) -> list[tuple[str, partial[Cost]]]:
    """Return each side with its run of n items, which share a folder per n."""
    root = Path(folder) / str(n)
    if not root.is_dir():
        _write(root, n)
    return [(side, partial(cost_of, [*PYTEST, *arguments], root)) for side, arguments in SIDES.items()]


def _write(root: Path, n: int) -> None:
    (root / "evals").mkdir(parents=True)
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_plain.py").write_text(PLAIN.format(n=n))
    (root / "conftest.py").write_text(STUB)
    (root / "evals" / "cost.yaml").write_text("task: cost\nsamples: rows.jsonl\nscorers: [exact]\n")
    rows = [{"id": f"s{i}", "input": f"say {i}", "target": str(i)} for i in range(n)]
    (root / "evals" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
