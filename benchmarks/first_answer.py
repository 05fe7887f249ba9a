"""Measures the time to the first record on disk and the peak memory of `pytest evals --provider mlx`.

    python benchmarks/first_answer.py [REPEATS] [pytest arguments ...]

The baseline is `pytest --co -q` on the same folder, which starts pytest and collects only.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVALS = Path(__file__).parents[1] / "evals"


def main(repeats: int = 5, *arguments: str) -> None:
    """Print medians."""
    pytest_arguments = arguments or ("--strategy", "single")
    firsts, collects = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(EVALS, Path(folder) / "evals")
            began = time.perf_counter()
            _pytest(folder, "--co", "-q", *pytest_arguments).wait()
            collects.append(time.perf_counter() - began)
            firsts.append(_first_record_s(folder, pytest_arguments))
    first, collect = statistics.median(firsts), statistics.median(collects)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
    print(f"first record after {first:.2f} s, collecting alone {collect:.2f} s, ratio {first / collect:.2f}")
    print(f"peak memory of a process: {peak_mb:.0f} MB")


def _first_record_s(folder: str, arguments: tuple[str, ...]) -> float:
    began = time.perf_counter()
    process = _pytest(folder, "--provider", "mlx", *arguments)
    while process.poll() is None:
        if any(log.stat().st_size for log in Path(folder).glob("reports/runs/*/records.jsonl")):
            seconds = time.perf_counter() - began
            process.kill()
            process.wait()
            return seconds
        time.sleep(0.01)
    raise SystemExit(f"pytest exited with {process.returncode} before the first record")


def _pytest(folder: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", f"--rootdir={folder}", "evals", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*([int(sys.argv[1])] if len(sys.argv) > 1 else []), *sys.argv[2:])
