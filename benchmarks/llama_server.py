"""Measures output tokens per second of debates through mlx against the same weights in llama-server.

    python benchmarks/llama_server.py [SAMPLES] [REPEATS] [SERVER_THREADS]

Both sides alternate and run the same evaluation in this process, engine and run log included: three
agents, two rounds and a judge. The server shares the cores with it. `bash .ci/servers` installs it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pytest_hiddenlayer.api import evaluate_paths
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.project import Project
from pytest_hiddenlayer.types import ModelName, Spec

ROOT = Path(__file__).resolve().parents[1]
SLOTS = 16  # answers that the server decodes concurrently
THREADS = 1  # of the server; on busy cores, more threads wait for each other
TASKS = ("sums_written", "word_problems")


def main(samples: int = 50, repeats: int = 3, threads: int = THREADS) -> None:
    """Print the medians of both sides and their ratio. Exits with a reason if llama-server is not installed."""
    sys.path.insert(0, str(ROOT / "tests"))
    from servers import llama_server
    from servers.bundled import write_bundled_gguf
    from servers.llama import CONTEXT

    rates: dict[str, list[float]] = {"mlx": [], "openai": []}
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), samples)
        gguf = Path(folder) / "bundled.gguf"
        write_bundled_gguf(gguf)
        with llama_server(gguf, parallel=SLOTS, ctx_size=SLOTS * CONTEXT, threads=threads) as server:
            os.environ |= {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "none"}
            models = {"mlx": ModelName(provider="mlx"), "openai": ModelName(provider="openai", model=server.model)}
            for model in models.values():  # imports and page caches
                _rate(Path(folder), model, limit=1)
            for _ in range(repeats):
                for name, model in models.items():
                    rates[name].append(_rate(Path(folder), model, limit=None))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, value in medians.items():
        print(f"{name}: {value:.0f} output tokens/s (of {', '.join(f'{rate:.0f}' for rate in rates[name])})")
    print(f"ratio mlx / llama-server: {medians['mlx'] / medians['openai']:.2f}")


def _write(root: Path, samples: int) -> None:
    """Write the first samples of two arithmetic tasks, half of the samples from each."""
    (root / "evals").mkdir()
    for name, count in zip(TASKS, (samples - samples // 2, samples // 2), strict=True):
        rows = (ROOT / "evals" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        if count > len(rows):
            raise SystemExit(f"SAMPLES is {samples}; use at most {2 * len(rows)}")
        (root / "evals" / f"{name}.jsonl").write_text("".join(rows[:count]), encoding="utf-8")
        form = (ROOT / "evals" / f"{name}.yaml").read_text(encoding="utf-8")
        (root / "evals" / f"{name}.yaml").write_text(form, encoding="utf-8")


def _rate(root: Path, model: ModelName, *, limit: int | None) -> float:
    """Return the output tokens per second of one run."""
    debate = Spec(name="debate", params={"n_agents": 3, "n_rounds": 2})
    options = RunOptions(providers=(model,), strategies=(debate,), gate="off", cache="off", limit=limit)
    began = time.perf_counter()
    run = evaluate_paths([root / "evals"], options, Project(root=root, cwd=root))
    seconds = time.perf_counter() - began
    failed = [record.error for record in run.records if record.outcome == "error"]
    if failed or not run.records:
        raise SystemExit(f"{len(failed)} of {len(run.records)} samples failed: {failed[:1]}")
    return sum(record.usage["output_tokens"] for record in run.records) / seconds


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except pytest.skip.Exception as reason:  # raised by the tests' server helpers
        sys.exit(str(reason))
