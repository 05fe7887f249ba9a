"""Trains the model, or resumes training: `python -m training.nano.train [--tokens N] [--decay N]`.

The learning rate warms up, stays constant, and decays to zero over the last tokens. The steady
part can be extended at any time; `--decay` branches off from its last checkpoint and does not
change it. To decay again from a later checkpoint, move `decayed.pt` away first.
All files are in one folder (`--folder`): the checkpoints `steady.pt` and `decayed.pt`, written
atomically every two minutes, and `log.jsonl`, one line per report. If the process is killed, the
same command resumes from the last checkpoint, with the losses of an uninterrupted run.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from .model import Shape, fuse
from .quick_eval import quick_eval, summary_line, with_weights
from .run import Progress, Run

FOLDER = Path(__file__).resolve().parents[1] / "runs" / "nano"
SEED = 2
WARMUP = 1_000_000  # tokens
SAVE_EVERY_S = 120
REPORT_EVERY_S = 30
EVALUATE_EVERY = 5_000_000  # tokens
EVAL_CHATS = 40  # per family
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


def rate_share(progress: Progress, decay: int) -> float:
    """Return the share of the full learning rate: warm-up, constant, then a linear decay over `decay` tokens."""
    if progress.decay_from is None:
        return min(1.0, (progress.tokens + 1) / WARMUP)
    return max(0.0, 1 - (progress.tokens - progress.decay_from) / decay)


def train(run: Run, *, tokens: int, decay: int = 0) -> None:
    """Train up to `tokens`, or with `decay` for that many more tokens while the learning rate decays."""
    name = "decayed" if decay else "steady"
    resumed = run.load(name)
    if decay and not resumed:
        run.load("steady")
    elif decay:
        check_decay(run, decay)
    progress = run.progress
    if decay and progress.decay_from is None:
        progress.decay_from, progress.decay = progress.tokens, decay
    end = (progress.decay_from or 0) + decay if decay else tokens
    if progress.tokens >= end:
        print(f"{name}.pt has {progress.tokens} tokens of {end}: nothing to do", flush=True)
        return
    clock = Clock(progress)
    for ids, learnt in run.batches():
        if progress.tokens >= end:
            break
        run.step(ids, learnt, rate_share(progress, decay))
        if clock.due("report", REPORT_EVERY_S):
            clock.read()
            report(run, name)
        if progress.tokens >= (progress.probes + 1) * EVALUATE_EVERY:
            progress.probes = progress.tokens // EVALUATE_EVERY
            report_eval(run, name)
        if clock.due("save", SAVE_EVERY_S):
            clock.read()
            run.save(name)
    clock.read()
    run.save(name)
    report(run, name)
    report_eval(run, name)


def check_decay(run: Run, decay: int) -> None:
    """Exit if `decayed.pt` has another decay, or if `steady.pt` was extended since."""
    progress, steady = run.progress, run.folder / "steady.pt"
    if progress.decay not in (None, decay):
        raise SystemExit(
            f"decayed.pt decays over {progress.decay} tokens, but --decay is {decay}; move it away to start again"
        )
    steady_tokens = torch.load(steady, weights_only=True)["progress"]["tokens"] if steady.is_file() else 0
    if progress.decay_from is not None and steady_tokens > progress.decay_from:
        raise SystemExit(
            f"steady.pt has {steady_tokens} tokens, but decayed.pt branched off at {progress.decay_from}; "
            "move decayed.pt away to decay from the new steady.pt"
        )


class Clock:
    """Counts CPU seconds for the progress, and schedules periodic work."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.last = progress, time.process_time()
        self.next: dict[str, float] = {}

    def due(self, name: str, every_s: float) -> bool:
        """Return True if `every_s` seconds have passed since it last returned True for this name."""
        now = time.monotonic()
        if now < self.next.setdefault(name, now + every_s):
            return False
        self.next[name] = now + every_s
        return True

    def read(self) -> None:
        """Add the process's CPU time since the last reading."""
        now = time.process_time()
        self.progress.cpu_s, self.last = self.progress.cpu_s + now - self.last, now


def report(run: Run, name: str) -> None:
    """Write the progress to the log."""
    progress = run.progress
    entry = {
        "phase": name,
        "tokens": progress.tokens,
        "learnt": progress.learnt,
        "steps": progress.steps,
        "chunk": progress.chunk,
        "cpu_s": round(progress.cpu_s, 1),
        "loss": round(progress.loss or 0.0, 5),
    }
    write(run, entry)


def report_eval(run: Run, name: str) -> None:
    """Evaluate the averaged weights quickly and write the result to the log."""
    shares = quick_eval(with_weights(run.network, run.average), run.tokenizer, EVAL_CHATS)
    write(run, {"phase": name, "tokens": run.progress.tokens, "n": EVAL_CHATS, "right": shares})
    print(summary_line(shares), flush=True)


def write(run: Run, entry: dict[str, Any]) -> None:
    """Append an entry to the log and print it."""
    with (run.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)


def parse_arguments() -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--tokens", type=int, default=100_000_000, help="tokens at the end of the steady part")
    parser.add_argument("--decay", type=int, default=0, help="tokens over which the learning rate decays to zero")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def keep_memory() -> None:
    """Keep freed memory in the process: requesting it from the system again took a sixth of the time."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def main() -> None:
    arguments = parse_arguments()
    keep_memory()
    fuse()
    torch.set_num_threads(arguments.threads)
    run = Run(arguments.folder, Shape(), SEED)
    print(f"{sum(p.numel() for p in run.network.parameters())} parameters, folder {arguments.folder}", flush=True)
    train(run, tokens=arguments.tokens, decay=arguments.decay)


if __name__ == "__main__":
    main()
