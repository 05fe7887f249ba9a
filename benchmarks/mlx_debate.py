"""Debates of the bundled model in one running batch, against the same calls one by one.

    python benchmarks/mlx_debate.py [SAMPLES]

Three agents debate for two rounds and a judge decides, over SAMPLES problems of `evals/`. Each
side runs in a process of its own: all at once as in a run, and one call at a time in a batch of
one that shares no prefix; both with the fast BLAS and with mlx's own.
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
PLACES = 64  # calls in flight
FILES = ("sums.yaml", "sums_written.yaml", "sums_at_once.yaml", "facts.yaml")


def main(samples: str = "100") -> None:
    """Print a table: wall and CPU seconds of both sides and their ratios; on a busy machine trust the CPU's."""
    print("| BLAS | one by one | in one batch | wall ratio | CPU ratio | same texts |")
    print("| --- | --- | --- | --- | --- | --- |")
    for blas in ("fast", "off"):
        slow, quick = (_side(blas, way, samples) for way in ("one", "batch"))
        cells = [f"{took['wall']:.1f} s, {took['cpu']:.1f} CPU s" for took in (slow, quick)]
        ratios = [f"{slow[key] / quick[key]:.1f}" for key in ("wall", "cpu")]
        same = sum(a == b for a, b in zip(slow["texts"], quick["texts"], strict=True))
        print("|", " | ".join([quick["blas"], *cells, *ratios, f"{same}/{len(quick['texts'])}"]), "|", flush=True)


def _side(blas: str, way: str, samples: str) -> dict[str, Any]:
    environment = {key: value for key, value in os.environ.items() if key != "HIDDENLAYER_BLAS"}
    environment |= {"HIDDENLAYER_BLAS": "off"} if blas == "off" else {}
    command = [sys.executable, __file__, "--side", way, samples]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def side(way: str, samples: int) -> None:
    """Print what one side took, as JSON; opening the model is not counted."""
    from pytest_hiddenlayer.engine.cases import cases, cells
    from pytest_hiddenlayer.engine.runtime import Runtime
    from pytest_hiddenlayer.models import bundled_path
    from pytest_hiddenlayer.options import RunOptions
    from pytest_hiddenlayer.providers.mlx.blas import fast_blas
    from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
    from pytest_hiddenlayer.taskfile import load_task
    from pytest_hiddenlayer.types import Spec

    one = way == "one"
    options = RunOptions(
        concurrency=1 if one else PLACES,
        strategies=(Spec(name="debate", params={"n_agents": 3, "n_rounds": 2}),),
    )
    runtime = Runtime(options, "benchmark")
    todo = [
        case
        for name in FILES
        for cell in cells(load_task(EVALS / name, EVALS.parent), options)
        for case in cases(cell)
    ]
    provider: Any = runtime.provider(options.providers[0])
    if one:
        provider.provider._batch.close()
        provider.provider._batch = BatchThread(bundled_path(), batch_size=1, share=False)
    runtime.wait(runtime.submit(todo[-1]))
    wall, cpu = time.perf_counter(), time.process_time()
    records = [runtime.wait(future) for future in [runtime.submit(case) for case in todo[:samples]]]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    runtime.close()
    texts = [record.output for record in records]
    print(json.dumps({"wall": wall, "cpu": cpu, "texts": texts, "blas": fast_blas()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side(sys.argv[2], int(sys.argv[3]))
    else:
        main(*sys.argv[1:])
