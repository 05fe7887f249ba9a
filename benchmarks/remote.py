"""Measures the plugin with a remote model against a bare loop over the official client and hand-written pytest.

    python benchmarks/remote.py [ITEMS] [LATENCY_MS] [CONCURRENCY ...]
    python benchmarks/remote.py 1000 200 32        the figures with start-up, which counts in so short a run

The server is the tests' fake server in its own process; it answers after LATENCY_MS. Per number of calls
in flight, the output is the CPU time per item without the server's (start-up subtracted, and the whole), and
the call phase (first request to last response, as seen by the server) over its ideal, items × latency / calls
in flight. Hand-written pytest makes one call after the other with the synchronous client, so it runs only a
tenth of the items.
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

async def main(url, n, concurrency):
    rows = [json.loads(line) for line in open("evals/rows.jsonl")][:n]
    remaining = iter(rows)
    async with AsyncOpenAI(base_url=url, max_retries=0, http_client=DefaultAioHttpClient()) as client:
        async def work():
            for row in remaining:
                reply = await client.chat.completions.create(
                    model="fake-1", messages=[{"role": "user", "content": row["input"]}], max_tokens=8, seed=1
                )
                assert row["target"] in reply.choices[0].message.content
        await asyncio.gather(*(work() for _ in range(concurrency)))

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


def main(items: int = 10_000, latency_ms: int = 200, *concurrencies: int) -> None:
    """Print a row for each side and number of calls in flight."""
    os.environ.setdefault("OPENAI_API_KEY", "none")
    latency_s = latency_ms / 1000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, items)
        for concurrency in concurrencies or (32, 256, 1000):
            ideal_s = items * latency_s / concurrency
            for side in ("evals", "loop"):
                _print_row(side, concurrency, *_per_item(root, side, items, concurrency, latency_s), ideal_s)
        plain_items = max(FEW * 2, items // 10)
        _print_row("plain", 1, *_per_item(root, "plain", plain_items, 1, 0.0), 0.0)


def _per_item(
    root: Path, side: str, items: int, concurrency: int, latency_s: float
) -> tuple[float, float, float, int]:
    """Return (CPU seconds per item without start-up, with it, seconds of the call phase, peak in flight)."""
    start, _, _ = _run(root, side, FEW, concurrency, latency_s)
    cost, phase_s, peak = _run(root, side, items, concurrency, latency_s)
    return (cost.cpu_s - start.cpu_s) / (items - FEW), cost.cpu_s / items, phase_s, peak


def _run(root: Path, side: str, n: int, concurrency: int, latency_s: float) -> tuple[Cost, float, int]:
    with fake_server(process=True, latency_s=latency_s) as server:
        url = f"{server.url}/v1"
        options = ["--provider", "openai:fake-1", "--hl-base-url", url, "--hl-cache", "off", "--limit", str(n)]
        commands = {
            "evals": [*PYTEST, "evals", "-p", "no:html", "--hl-concurrency", str(concurrency), *options],
            "loop": [sys.executable, "loop.py", url, str(n), str(concurrency)],
            "plain": [*PYTEST, "test_plain.py", "-p", "no:hiddenlayer", "-p", "no:html"],
        }
        cost = cost_of(commands[side], root, URL=url, N=str(n), PYTHONDONTWRITEBYTECODE="")
        stats = server.stats()
    return cost, stats["last_s"] - stats["first_s"], stats["max_in_flight"]


def _print_row(
    side: str, concurrency: int, cpu_s: float, whole_s: float, phase_s: float, peak: int, ideal_s: float
) -> None:
    phase = f"call phase {phase_s:6.1f} s, {phase_s / ideal_s:5.2f} of ideal" if ideal_s else ""
    in_flight = f"{concurrency:5} in flight (peak {peak:4})"
    cpu = f"{1000 * cpu_s:5.2f} ms CPU per item, {1000 * whole_s:5.2f} with start-up"
    print(f"{side:6} {in_flight}: {cpu}  {phase}", flush=True)


def write(root: Path, n: int) -> None:
    """Write the files of all three sides, with n items."""
    (root / "evals").mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "test_plain.py").write_text(PLAIN)
    (root / "loop.py").write_text(LOOP)
    (root / "evals" / "cost.yaml").write_text(TASK)
    rows = [{"id": f"s{i}", "input": f"say {i} ANSWER={i}", "target": f"The answer is {i}"} for i in range(n)]
    (root / "evals" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
