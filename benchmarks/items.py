"""What an eval item costs on the CPU, and what many of them hold in memory: beside plain pytest, in one run.

    python benchmarks/items.py [ITEMS] [REPEATS] [MANY]

A stub provider in the process answers at once, `exact` scores; run log, gate and table are included. The plain side
is a parametrized function that compares two texts. Start-up (the same with ten items) is subtracted from
the cost of an item. MANY is the size for memory and growth, 0 leaves it out.
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
        found = alternate({f"{side} {n}": way for n in (FEW, items) for side, way in _ways(folder, n)}, repeats)
        _tell_items(found, items)
        if many:
            large = alternate({side: way for side, way in _ways(folder, many) if "html" not in side}, 1)
            _tell_many(found, large, items, many)


def _tell_items(found: dict[str, Cost], items: int) -> None:
    own = {side: _per_item_ms(found, side, items) for side in SIDES}
    for side, value in own.items():
        start, peak = found[f"{side} {FEW}"].cpu_s, found[f"{side} {items}"].peak_mb
        print(f"{side:16} {value:5.2f} ms CPU an item, start-up {start:.2f} s, {peak:.0f} MB")
    for html in ("", " with html"):
        print(f"ratio evals / plain{html}: {own['evals' + html] / own['plain' + html]:.2f}")


def _per_item_ms(found: dict[str, Cost], side: str, items: int) -> float:
    return 1000 * (found[f"{side} {items}"].cpu_s - found[f"{side} {FEW}"].cpu_s) / (items - FEW)


def _tell_many(found: dict[str, Cost], large: dict[str, Cost], items: int, many: int) -> None:
    for side, cost in large.items():
        growth = cost.cpu_s / found[f"{side} {items}"].cpu_s
        print(f"{side:16} {many} items: {growth:.1f} times the CPU of {items}, {cost.peak_mb:.0f} MB")


def _ways(folder: str, n: int) -> list[tuple[str, partial[Cost]]]:
    """Each side, with the run of n items in a folder of its own."""
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
