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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from .model import Network, Shape, fuse
from .optim import Optimizer
from .quick_eval import quick_eval, summary_line, with_weights
from .tokens import Encoded, encode_chunk, save_tokenizer, train_tokenizer

FOLDER = Path(__file__).resolve().parents[1] / "runs" / "nano"
SEED = 2
BATCH = 4096  # tokens per batch, padding included
DOUBLED_FROM = 30  # first chunk with batches twice as large: fewer steps, a fifth less time per token
WARMUP = 1_000_000  # tokens
AVERAGE = 0.998  # share of their previous value that averaged weights keep per step
SAVE_EVERY_S = 120
REPORT_EVERY_S = 30
EVALUATE_EVERY = 5_000_000  # tokens
EVAL_CHATS = 40  # per family
PAD = 0
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


@dataclass(kw_only=True, slots=True)
class Progress:
    """The progress of a run; `chunk` and `batch` identify the next batch."""

    chunk: int = 0
    batch: int = 0
    steps: int = 0
    tokens: int = 0  # padding included
    learnt: int = 0  # tokens of answers
    cpu_s: float = 0.0
    loss: float | None = None  # running mean
    decay_from: int | None = None  # tokens at the start of the decay
    decay: int | None = None  # tokens over which the learning rate decays
    probes: int = 0  # number of quick evaluations done

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Run:
    """A network in training, with its steps, checkpoints and log."""

    def __init__(self, folder: Path, shape: Shape, seed: int, batch: int = BATCH) -> None:
        torch.manual_seed(seed)
        self.folder, self.seed, self.batch = folder, seed, batch
        self.tokenizer = tokenizer_of(folder, seed)
        self.network = Network(shape)
        self.optimizer = Optimizer(self.network)
        self.average = [parameter.detach().clone() for parameter in self.network.parameters()]
        self.progress = Progress()

    def step(self, ids: Tensor, learnt: Tensor, share: float) -> float:
        """Train on one batch and return its loss; `share` is the share of the full learning rate."""
        where = learnt.flatten().nonzero()[:, 0]
        targets = ids.roll(-1, 1).flatten()[where]
        loss = F.cross_entropy(self.network(ids, where), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(share)
        with torch.no_grad():
            # Early in training, weights are averaged over fewer steps.
            retained = min(AVERAGE, (1 + self.progress.steps) / (10 + self.progress.steps))
            torch._foreach_lerp_(self.average, [*self.network.parameters()], 1 - retained)
        self._count(ids, where, loss.item())
        return loss.item()

    def _count(self, ids: Tensor, where: Tensor, loss: float) -> None:
        self.progress.steps += 1
        self.progress.batch += 1
        self.progress.tokens += ids.numel()
        self.progress.learnt += len(where)
        self.progress.loss = loss if self.progress.loss is None else 0.98 * self.progress.loss + 0.02 * loss

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all batches from the next one on, without end."""
        while True:
            size = self.batch * (1 + (self.progress.chunk >= DOUBLED_FROM))
            batches = chunk_batches(self.tokenizer, self.seed, self.progress.chunk, size)
            for batch in batches[self.progress.batch :]:
                yield padded(batch)
            self.progress.chunk, self.progress.batch = self.progress.chunk + 1, 0

    def save(self, name: str) -> None:
        """Write a checkpoint that replaces the previous one atomically."""
        state = {
            "shape": self.network.shape.to_json(),
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state(),
            "progress": self.progress.to_json(),
            "seed": self.seed,
            "batch": self.batch,
        }
        temporary = self.folder / f"{name}.{os.getpid()}.tmp"
        torch.save(state, temporary)
        os.replace(temporary, self.folder / f"{name}.pt")

    def load(self, name: str) -> bool:
        """Restore a checkpoint. Returns False if it does not exist."""
        path = self.folder / f"{name}.pt"
        if not path.is_file():
            truncate_log(self.folder / "log.jsonl", name, -1)
            return False
        state = torch.load(path, weights_only=True)
        self._check(path, state)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizer.load(state["optimizer"])
        self.progress = Progress(**state["progress"])
        truncate_log(self.folder / "log.jsonl", name, self.progress.tokens)
        return True

    def _check(self, path: Path, state: Mapping[str, Any]) -> None:
        settings = {"shape": self.network.shape.to_json(), "seed": self.seed, "batch": self.batch}
        for name, value in settings.items():
            if state[name] != value:
                raise SystemExit(
                    f"{path}: trained with {name} {state[name]}, but this run has {value}; "
                    f"use another --folder, or restore the previous {name}"
                )


def tokenizer_of(folder: Path, seed: int) -> Tokenizer:
    """Return the run's tokenizer, which is trained if it does not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "tokenizer_config.json").is_file():
        save_tokenizer(train_tokenizer(seed), folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def chunk_batches(tokenizer: Tokenizer, seed: int, number: int, size: int) -> list[list[Encoded]]:
    """Return a chunk's chats in shuffled batches of similar length, at most `size` tokens each with padding."""
    chats = sorted(encode_chunk(tokenizer, seed, number), key=lambda chat: len(chat.ids))
    batches: list[list[Encoded]] = [[]]
    for chat in chats:
        if (len(batches[-1]) + 1) * len(chat.ids) > size and batches[-1]:
            batches.append([])
        batches[-1].append(chat)
    order = torch.randperm(len(batches), generator=torch.Generator().manual_seed(seed * 1_000_003 + number))
    return [batches[index] for index in order]


def padded(batch: list[Encoded]) -> tuple[Tensor, Tensor]:
    """Return ids (B, T) and a mask (B, T) of the positions whose next token counts in the loss."""
    width = max(len(chat.ids) for chat in batch)
    ids = torch.full((len(batch), width), PAD)
    learnt = torch.zeros(len(batch), width, dtype=torch.bool)
    for row, chat in enumerate(batch):
        ids[row, : len(chat.ids)] = torch.tensor(chat.ids)
        learnt[row, chat.prompt - 1 : len(chat.ids) - 1] = True
    return ids, learnt


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


def truncate_log(log: Path, name: str, tokens: int) -> None:
    """Remove a phase's log entries after its checkpoint: the resumed run writes them again."""
    if not log.is_file():
        return
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    complete = [line for line in lines if line.endswith("\n")]  # a kill may leave half a line
    kept = [line for line in complete if (entry := json.loads(line))["phase"] != name or entry["tokens"] <= tokens]
    temporary = log.with_name(f"{log.name}.{os.getpid()}.tmp")
    temporary.write_text("".join(kept), encoding="utf-8")
    os.replace(temporary, log)


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
