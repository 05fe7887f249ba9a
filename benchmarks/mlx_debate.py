"""Measures debates of the bundled model in one continuous batch against the same calls one by one.

    python benchmarks/mlx_debate.py [SAMPLES]

Three agents debate for two rounds and a judge decides, over SAMPLES problems of `evals/`. Each
side runs in its own process: all calls concurrently as in a run; one call at a time that shares
nothing with another, neither prefixes nor rows nor drafts; and one call at a time with drafts.
All sides run with the fast BLAS; the first two also with mlx's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

EVALS = Path(__file__).parents[1] / "evals"
CONCURRENCY = 64  # calls in flight
FILES = ("sums.yaml", "sums_written.yaml", "sums_at_once.yaml", "facts.yaml")


def main(samples: str = "100") -> None:
    """Print wall and CPU seconds of both sides and their ratios; under load, rely on the CPU ratio."""
    print("| BLAS | one by one | in one batch | wall ratio | CPU ratio | same texts |")
    print("| --- | --- | --- | --- | --- | --- |")
    serial = _print_row("fast", samples)
    _print_row("off", samples)
    drafting = _run_side("fast", "drafting", samples)
    same = sum(a == b for a, b in zip(serial["texts"], drafting["texts"], strict=True))
    costs = f"{drafting['wall']:.1f} s, {drafting['cpu']:.1f} CPU s"
    print(f"\nOne by one with drafts: {costs}; same texts {same}/{len(serial['texts'])}.")


def _print_row(blas: str, samples: str) -> dict[str, Any]:
    """Measure and print both sides; return the one that decodes one by one."""
    serial, batched = _run_side(blas, "serial", samples), _run_side(blas, "batched", samples)
    costs = [f"{cost['wall']:.1f} s, {cost['cpu']:.1f} CPU s" for cost in (serial, batched)]
    ratios = [f"{serial[key] / batched[key]:.1f}" for key in ("wall", "cpu")]
    same = sum(a == b for a, b in zip(serial["texts"], batched["texts"], strict=True))
    row = [batched["blas"], *costs, *ratios, f"{same}/{len(batched['texts'])}"]
    print("|", " | ".join(row), "|", flush=True)
    return serial


def _run_side(blas: str, side: str, samples: str) -> dict[str, Any]:
    environment = {key: value for key, value in os.environ.items() if key != "HIDDENLAYER_BLAS"}
    environment |= {"HIDDENLAYER_BLAS": "off"} if blas == "off" else {}
    command = [sys.executable, __file__, "--side", side, samples]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    cost: dict[str, Any] = json.loads(process.stdout)
    return cost


def measure_side(side: str, samples: int) -> None:
    """Print the cost and the texts of one side as JSON, without opening the model."""
    from pytest_hiddenlayer.engine.cases import cases, cells
    from pytest_hiddenlayer.engine.runtime import Runtime
    from pytest_hiddenlayer.options import RunOptions
    from pytest_hiddenlayer.providers.mlx.blas import fast_blas
    from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
    from pytest_hiddenlayer.taskfile import load_task
    from pytest_hiddenlayer.types import Spec

    options = RunOptions(
        concurrency=CONCURRENCY if side == "batched" else 1,
        strategies=(Spec(name="debate", params={"n_agents": 3, "n_rounds": 2}),),
    )
    runtime = Runtime(options, "benchmark")
    all_cases = [
        case
        for name in FILES
        for cell in cells(load_task(EVALS / name, EVALS.parent), options)
        for case in cases(cell)
    ]
    if side == "serial":
        BatchThread.__init__.__kwdefaults__.update(batch_size=1, share=False)
    runtime.wait(runtime.submit(all_cases[-1]))
    wall, cpu = time.perf_counter(), time.process_time()
    records = [runtime.wait(future) for future in [runtime.submit(case) for case in all_cases[:samples]]]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    runtime.close()
    texts = [record.output for record in records]
    print(json.dumps({"wall": wall, "cpu": cpu, "texts": texts, "blas": fast_blas()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        measure_side(sys.argv[2], int(sys.argv[3]))
    else:
        main(*sys.argv[1:])
