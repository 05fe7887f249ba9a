"""Measures what is done with the records of a large run: compacting it, its table, and its comparison with another.

Two runs of N records each are written through the run log, with the texts of a short question and answer (1.2 kB of
JSON per record). Each command is a process of its own; the figures are its wall seconds, its CPU seconds and its peak
memory. The growth is the CPU of ten times the records over that of one time.

    python benchmarks/million_records.py                 10 000 and 100 000 records
    python benchmarks/million_records.py 100000 1000000  2.4 GB of disk, and a few minutes
    python benchmarks/million_records.py --jsonl 100000  without Parquet too
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from measure import Cost, cost_of

from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.types import Record

AT_ONCE = 1000


def main() -> None:
    """Print one row per number of records and command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--jsonl", action="store_true", help="also measure show and compare from records.jsonl")
    parser.add_argument("--folder", type=Path, help="keep the runs here, and use those that are there")
    arguments = parser.parse_args()
    print(f"{'records':>10}  {'command':<22} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}  growth of CPU")
    earlier: dict[str, float] = {}
    for n in arguments.n:
        with tempfile.TemporaryDirectory() as temporary:
            folder = (arguments.folder or Path(temporary)) / str(n)
            for name, cost in measure(folder, n, jsonl=arguments.jsonl):
                growth = f"{cost.cpu_s / earlier[name]:.1f}" if name in earlier else ""
                earlier[name] = cost.cpu_s
                print(
                    f"{n:>10,}  {name:<22} {cost.wall_s:>8.1f} {cost.cpu_s:>8.1f} {cost.peak_mb:>8.0f}  {growth}",
                    flush=True,
                )


def measure(folder: Path, n: int, *, jsonl: bool) -> Iterator[tuple[str, Cost]]:
    """Yield (what was done, its cost)."""
    for name, right in (("old", 0.70), ("new", 0.69)):
        if not (folder / "reports" / "runs" / name).exists():
            write_run(folder, name, n, right)
    if jsonl:
        yield "show, JSONL", run(folder, "show", "new", "--json")
        yield "compare, JSONL", run(folder, "compare", "old", "new")
    yield "compact", run(folder, "compact", "new")
    run(folder, "compact", "old")
    yield "show --json", run(folder, "show", "new", "--json")
    yield "show", run(folder, "show", "new")
    yield "compare", run(folder, "compare", "old", "new")
    yield "compare --markdown", run(folder, "compare", "old", "new", "--markdown")
    yield "compact --remove-jsonl", run(folder, "compact", "new", "--remove-jsonl")
    run(folder, "compact", "new", "--restore")


def run(folder: Path, *arguments: str) -> Cost:
    """The cost of a command; a comparison that finds a regression is a success here."""
    code = "import sys; from pytest_hiddenlayer.cli import main; sys.exit(main(sys.argv[1:]) > 1)"
    return cost_of((sys.executable, "-c", code, *arguments), folder)


def write_run(folder: Path, name: str, n: int, right: float) -> None:
    """Write an ended run of n records."""
    log = RunLog(folder, name, ["hiddenlayer", "run"], shared=False)
    made = records(name, n, right)
    while batch := list(islice(made, AT_ONCE)):
        log.append_all(batch)
    log.write_manifest({"records": n, "complete": True})
    log.close()


def records(name: str, n: int, right: float) -> Iterator[Record]:
    """The records of a run, of which this share is right, and one in a thousand without a score."""
    drawn = random.Random(name)
    for number in range(n):
        a, b = number % 997, number // 997
        chance = drawn.random()
        outcome = "error" if chance > 0.999 else "correct" if chance < right else "incorrect"
        answer = None if outcome == "error" else str(a + b if outcome == "correct" else a + b + 1)
        yield record(name, f"sum-{number}", f"How much is {a} plus {b}? Answer with a number.", str(a + b), answer)


def record(run_id: str, sample: str, question: str, target: str, answer: str | None) -> Record:
    """One record of a single call."""
    right = answer == target
    usage = {"input_tokens": 23, "output_tokens": 9, "cached_input_tokens": 0}
    usage |= {"cache_write_tokens": None, "reasoning_tokens": 0, "calls": 1}
    prompt = [{"role": "user", "content": question}]
    output = None if answer is None else f"The sum of both numbers is {answer}."
    call = {
        "role": "answer",
        "round": 0,
        "messages": prompt,
        "completion": output or "",
        "finish_reason": "stop",
        "usage": usage,
        "latency_s": 0.214,
        "model": "model-1",
        "seed": 1926981931,
        "cost_usd": 0.00012,
        "mean_logprob": None,
    }
    score = {"value": float(right), "answer": answer, "explanation": "" if right else f"expected {target}"}
    return Record(
        run_id=run_id,
        key=f"{zlib.crc32(sample.encode()):016x}",
        task="sums",
        sample_id=sample,
        epoch=1,
        strategy="single",
        strategy_params={},
        provider="openai",
        model="model-1",
        input=question,
        target=target,
        output=output,
        answer=answer,
        scores={} if answer is None else {"exact": score},
        outcome="error" if answer is None else "correct" if right else "incorrect",
        usage=usage,
        cost_usd=0.00012,
        latency_s=0.22,
        transcript=[] if answer is None else [call],
        error="the server answered with status 500" if answer is None else None,
        seed=0,
        started_at="2026-01-01T00:00:00.000000+00:00",
        label="single",
        slug="model-1",
        sample_hash=f"{zlib.crc32(question.encode()):012x}",
        prompt=prompt,
    )


if __name__ == "__main__":
    main()
