"""A remote model with latency: this plugin beside a bare loop over the official client, and hand-written pytest.

    python benchmarks/remote.py [ITEMS] [LATENCY_MS] [CONCURRENCY ...]

The server is the fake server of the tests, in a separate process; it answers after LATENCY_MS. Per number of calls
in flight: CPU an item of this side alone (start-up subtracted), and the call phase (first request to last
answer, as the server saw it) over its ideal, items × latency / calls in flight. Hand-written pytest asks
one after the other through the synchronous client, so a tenth of the items is enough.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fake_server import fake_server
from measure import PYTEST, Cost, cost_of

FEW = 10
TASK = "task: cost\nsamples: rows.jsonl\nscorers: [exact]\ngenerate: {max_tokens: 8}\n"
LOOP = """import asyncio, json, sys
from openai import AsyncOpenAI, DefaultAioHttpClient

async def main(url, n, at_once):
    rows = [json.loads(line) for line in open("evals/rows.jsonl")][:n]
    todo = iter(rows)
    async with AsyncOpenAI(base_url=url, max_retries=0, http_client=DefaultAioHttpClient()) as client:
        async def work():
            for row in todo:
                reply = await client.chat.completions.create(
                    model="fake-1", messages=[{"role": "user", "content": row["input"]}], max_tokens=8, seed=1
                )
                assert row["target"] in reply.choices[0].message.content
        await asyncio.gather(*(work() for _ in range(at_once)))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""
PLAIN = """import json, os
import pytest
from openai import OpenAI

CLIENT = OpenAI(base_url=os.environ["URL"], max_retries=0)
ROWS = [json.loads(line) for line in open("evals/rows.jsonl")][: int(os.environ["N"])]

@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_row(row):
    reply = CLIENT.chat.completions.create(
        model="fake-1", messages=[{"role": "user", "content": row["input"]}], max_tokens=8, seed=1
    )
    assert row["target"] in reply.choices[0].message.content
"""


def main(items: int = 10_000, latency_ms: int = 200, *at_once: int) -> None:
    """Print a row for each side and number of calls in flight."""
    os.environ.setdefault("OPENAI_API_KEY", "none")
    latency_s = latency_ms / 1000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, items)
        for number in at_once or (32, 256, 1000):
            ideal_s = items * latency_s / number
            for side in ("evals", "loop"):
                _tell(side, number, *_per_item(root, side, items, number, latency_s), ideal_s)
        few = max(FEW * 2, items // 10)
        _tell("plain", 1, *_per_item(root, "plain", few, 1, 0.0), 0.0)


def _per_item(root: Path, side: str, items: int, at_once: int, latency_s: float) -> tuple[float, float, int]:
    """(CPU seconds an item, seconds of the call phase, most in flight)."""
    start, _, _ = _once(root, side, FEW, at_once, latency_s)
    cost, phase_s, most = _once(root, side, items, at_once, latency_s)
    return (cost.cpu_s - start.cpu_s) / (items - FEW), phase_s, most


def _once(root: Path, side: str, n: int, at_once: int, latency_s: float) -> tuple[Cost, float, int]:
    with fake_server(process=True, latency_s=latency_s) as server:
        url = f"{server.url}/v1"
        options = ["--provider", "openai:fake-1", "--hl-base-url", url, "--hl-cache", "off", "--limit", str(n)]
        commands = {
            "evals": [*PYTEST, "evals", "-p", "no:html", "--hl-concurrency", str(at_once), *options],
            "loop": [sys.executable, "loop.py", url, str(n), str(at_once)],
            "plain": [*PYTEST, "test_plain.py", "-p", "no:hiddenlayer", "-p", "no:html"],
        }
        cost = cost_of(commands[side], root, URL=url, N=str(n), PYTHONDONTWRITEBYTECODE="")
        seen = server.stats()
    return cost, seen["last_s"] - seen["first_s"], seen["max_in_flight"]


def _tell(side: str, at_once: int, cpu_s: float, phase_s: float, most: int, ideal_s: float) -> None:
    over = f"call phase {phase_s:6.1f} s, {phase_s / ideal_s:5.2f} of ideal" if ideal_s else ""
    print(f"{side:6} {at_once:5} in flight (most {most:4}): {1000 * cpu_s:5.2f} ms CPU an item  {over}", flush=True)


def write(root: Path, n: int) -> None:
    """A folder with all three sides' files."""
    (root / "evals").mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_plain.py").write_text(PLAIN)
    (root / "loop.py").write_text(LOOP)
    (root / "evals" / "cost.yaml").write_text(TASK)
    rows = [{"id": f"s{i}", "input": f"say {i} ANSWER={i}", "target": f"The answer is {i}"} for i in range(n)]
    (root / "evals" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
