"""Measures what the driver of `--engine ray` does for a record, and what a worker and a message cost.

    python benchmarks/ray_driver.py [RECORDS]

1. Without Ray: the driver hands out RECORDS cases and takes pickled records back, with run log and progress, for
   an answer of one call and for a debate of six calls with 300 words each. The output is CPU time and bytes per
   record.
2. With Ray, on a cluster on this machine: seconds until a worker is ready, memory of worker and budget process,
   exchanges per second with one worker, reservations of the budget per second.
3. CPU time per record of the whole command, `--engine ray` (the driver's process) and in one process: the
   difference of two runs of RECORDS and RECORDS / 4 cases, so that start and end cancel out.

docs/scale.md computes with these figures.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from measure import cost_of

from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.ray_engine.dispatcher import Dispatcher
from pytest_hiddenlayer.ray_engine.messages import Reply, Result, Setup, Work
from pytest_hiddenlayer.ray_engine.worker import Worker
from pytest_hiddenlayer.session.session import Session
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName, Record
from pytest_hiddenlayer.version import __version__

WORDS = random.Random(7).sample([f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"], 300)
OPTIONS = RunOptions(providers=(ModelName(provider="scripted"),), cache="off")


def main(records: int = 8000) -> None:
    """Print all three parts."""
    with tempfile.TemporaryDirectory() as folder:
        for strategy, text in (("single", "17 + 25 = 42"), ("debate", " ".join(WORDS))):
            _print_driver(Path(folder) / strategy, strategy, text, records)
        _print_ray(Path(folder))
        _print_commands(Path(folder), records)


def _print_driver(folder: Path, strategy: str, text: str, records: int) -> None:
    planned = _plan(folder, strategy, text, records)
    example = _answered(folder, planned[0])
    size = len(pickle.dumps(example))
    session = Session(options=OPTIONS, root=folder, cwd=folder)
    worker = _Echo(pickle.dumps(example))
    dispatcher = Dispatcher([worker], on_records=session._keep)
    dispatcher.start()
    began = time.process_time()
    futures = [dispatcher.submit(case, None) for case in planned]
    for future in futures:
        future.result()
    cpu_s = time.process_time() - began - worker.made_s
    dispatcher.stop()
    session.close()
    logged = (session.run_log.folder / "records.jsonl").stat().st_size / records
    print(f"driver, {strategy:6}: {1e6 * cpu_s / records:5.0f} µs CPU per record, {records / cpu_s:,.0f} per second")
    print(f"driver, {strategy:6}: {size:,} bytes pickled, {logged:,.0f} in the log", flush=True)


class _Echo:
    """A worker that returns a copy of one record for each case, unpickled as Ray would."""

    def __init__(self, pickled: bytes) -> None:
        self._pickled = pickled
        self.made_s = 0.0  # CPU of what happens on a worker

    def start(self, answered: Callable[[Any], None]) -> None:
        answered({"id": "w", "node": "n"})

    def exchange(self, worker: str, work: Work, answered: Callable[[Any], None]) -> None:
        began = time.thread_time()
        record: Record = pickle.loads(self._pickled)
        made = [
            Result(number=item.number, record=replace(record, sample_id=item.sample.id, key=item.sample.id))
            for item in work.items
        ]
        message = pickle.dumps(Reply(results=made))
        self.made_s += time.thread_time() - began
        answered(pickle.loads(message))


def _plan(folder: Path, strategy: str, text: str, n: int) -> list[Case]:
    folder.mkdir(parents=True, exist_ok=True)
    samples = [{"id": f"s{i}", "input": f"{i}. What is 17 + 25?", "target": "42"} for i in range(n)]
    task = {"task": "t", "samples": samples, "scorers": ["keyword"], "strategies": [strategy]}
    (folder / "evals").mkdir(exist_ok=True)
    (folder / "evals" / "t.json").write_text(json.dumps(task))
    (folder / "replies.json").write_text(json.dumps({"rules": [], "default": text}))
    (folder / "pytest.ini").write_text("[pytest]\n")
    options = replace(OPTIONS, providers=(ModelName(provider="scripted", model="replies.json"),))
    return list(cases(cells(load_task(folder / "evals" / "t.json", folder), options)[0]))


def _answered(folder: Path, case: Case) -> Record:
    from pytest_hiddenlayer.engine.runtime import Runtime

    here = Path.cwd()
    os.chdir(folder)
    runtime = Runtime(OPTIONS, "r")
    try:
        return runtime.submit(case).result()
    finally:
        runtime.close()
        os.chdir(here)


def _print_ray(folder: Path) -> None:
    import ray

    from pytest_hiddenlayer.ray_engine.cluster import connect, disconnect
    from pytest_hiddenlayer.ray_engine.options import RayOptions

    began = time.perf_counter()
    connect(RayOptions(address="local"), None)
    print(f"ray: a cluster starts in {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    worker: Any = ray.remote(Worker).remote()
    setup = pickle.dumps(Setup(options=OPTIONS, run_id="r", cwd=str(folder)))
    ray.get(worker.start.remote(__version__, setup))
    print(f"ray: a worker is ready in {time.perf_counter() - began:.1f} s")
    print(f"ray: memory of a worker {ray.get(worker.__ray_call__.remote(_memory_mb)):.0f} MB", flush=True)
    _print_messages(ray, worker)
    disconnect()


def _print_messages(ray: Any, worker: Any) -> None:
    from pytest_hiddenlayer.ray_engine.shared import SharedState

    stale = "somebody"  # the reply comes at once
    n = 2000
    ray.get([worker.exchange.remote(stale, Work()) for _ in range(100)])
    cpu, began = time.process_time(), time.perf_counter()
    answered: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for _ in range(n):
        worker.exchange.remote(stale, Work()).future().add_done_callback(answered.put)
        answered.get()
    wall = time.perf_counter() - began
    cpu_us = 1e6 * (time.process_time() - cpu) / n
    print(f"ray: {n / wall:,.0f} exchanges per second one after another, {cpu_us:.0f} µs CPU of the driver each")
    cpu, began = time.process_time(), time.perf_counter()
    ray.get([worker.exchange.remote(stale, Work()) for _ in range(n)])
    cpu_us = 1e6 * (time.process_time() - cpu) / n
    print(f"ray: {n / (time.perf_counter() - began):,.0f} per second with many in flight, {cpu_us:.0f} µs each")
    shared: Any = ray.remote(SharedState).options(num_cpus=0, max_concurrency=10_000)
    state = shared.remote(Decimal(1000), Path("unused"), None)
    ray.get(state.reserve.remote("w", Decimal(0), 0))
    began = time.perf_counter()
    ray.get([state.reserve.remote("w", Decimal("0.001"), 0) for _ in range(n)])
    print(f"ray: {n / (time.perf_counter() - began):,.0f} reservations of the budget per second, one caller")
    print(
        f"ray: memory of the process with the budget {ray.get(state.__ray_call__.remote(_memory_mb)):.0f} MB",
        flush=True,
    )


def _memory_mb(actor: Any) -> float:
    """Resident memory of an actor's process that it shares with nobody, in MB."""
    text = Path("/proc/self/smaps_rollup").read_text()
    return (
        sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(("Private_", "Pss_Anon:"))) / 1024
    )


def _print_commands(folder: Path, records: int) -> None:
    few = records // 4
    for name, more in (("in one process", ()), ("--engine ray", ("--engine", "ray", "--ray-workers", "1"))):
        cpu: list[float] = []
        for n in (few, records):
            place = folder / f"{n}{len(more)}"
            _plan(place, "single", "17 + 25 = 42", n)
            words = ["run", "--provider", "scripted:replies.json", "--no-report", "--cache", "off", *more]
            cpu.append(_own_cpu([sys.executable, "-m", "pytest_hiddenlayer.cli", *words], place))
        per_record = 1e6 * (cpu[1] - cpu[0]) / (records - few)
        print(f"command, {name}: {per_record:.0f} µs CPU per record of its own process", flush=True)


def _own_cpu(command: Sequence[str], folder: Path) -> float:
    """CPU seconds of the command without its children, which it writes at its end."""
    code = (
        "import resource, sys; from pytest_hiddenlayer.cli import main; status = main(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_SELF); "
        "open('cpu.txt', 'w').write(str(used.ru_utime + used.ru_stime)); sys.exit(status)"
    )
    cost_of([command[0], "-c", code, *command[3:]], folder)
    return float((folder / "cpu.txt").read_text())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
