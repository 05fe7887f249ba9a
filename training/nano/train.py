"""Trains the model, or goes on where it was stopped: `python -m training.nano.train [--tokens N] [--decay N]`.

The learning rate warms up, stays, and falls to nothing over the last tokens. The steady part can
be made longer at any time; `--decay` branches off from where it stands, and leaves it as it is.
To decay again from further on, move `decayed.pt` away first.
Everything lies in one folder (`--folder`): `steady.pt` and `decayed.pt`, written every few
minutes and whole or not at all; `log.jsonl`, one line a report. Killed at any time, the same
command goes on from the last checkpoint, and the losses are those of a run that was not stopped.
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
from .quick_eval import in_words, probe, with_weights
from .tokens import Encoded, encode_chunk, save_tokenizer, train_tokenizer

FOLDER = Path(__file__).resolve().parents[1] / "runs" / "nano"
SEED = 2
BATCH = 4096  # tokens of a batch, padding included
DOUBLED_FROM = 30  # chunk from which batches are twice as large: fewer steps, a fifth less time a token
WARMUP = 1_000_000  # tokens
AVERAGE = 0.998  # of the averaged weights' own past, each step
KEPT_EVERY_S = 120
REPORTED_EVERY_S = 30
PROBED_EVERY = 5_000_000  # tokens
PROBED = 40  # chats of each family
PAD = 0
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far a run has come; `chunk` and `batch` say which batch is next."""

    chunk: int = 0
    batch: int = 0
    steps: int = 0
    tokens: int = 0  # with padding
    learnt: int = 0  # answers' tokens
    cpu_s: float = 0.0
    loss: float | None = None  # a running mean
    decay_from: int | None = None  # tokens, once the decay has begun
    decay: int | None = None  # tokens over which the rate falls
    probes: int = 0  # so many quick evaluations are done

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


class Run:
    """A network in training: its steps, its checkpoints, its log."""

    def __init__(self, folder: Path, shape: Shape, seed: int, batch: int = BATCH) -> None:
        torch.manual_seed(seed)
        self.folder, self.seed, self.batch = folder, seed, batch
        self.tokenizer = tokenizer_of(folder, seed)
        self.network = Network(shape)
        self.optimizer = Optimizer(self.network)
        self.average = [parameter.detach().clone() for parameter in self.network.parameters()]
        self.progress = Progress()

    def step(self, ids: Tensor, learnt: Tensor, share: float) -> float:
        """The loss of one batch, after which the weights are others."""
        where = learnt.flatten().nonzero()[:, 0]
        right = ids.roll(-1, 1).flatten()[where]
        loss = F.cross_entropy(self.network(ids, where), right)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(share)
        with torch.no_grad():
            # Young weights are averaged over a shorter past.
            kept = min(AVERAGE, (1 + self.progress.steps) / (10 + self.progress.steps))
            torch._foreach_lerp_(self.average, [*self.network.parameters()], 1 - kept)
        self._count(ids, where, loss.item())
        return loss.item()

    def _count(self, ids: Tensor, where: Tensor, loss: float) -> None:
        self.progress.steps += 1
        self.progress.batch += 1
        self.progress.tokens += ids.numel()
        self.progress.learnt += len(where)
        self.progress.loss = loss if self.progress.loss is None else 0.98 * self.progress.loss + 0.02 * loss

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches from the next one on."""
        while True:
            size = self.batch * (1 + (self.progress.chunk >= DOUBLED_FROM))
            made = chunk_batches(self.tokenizer, self.seed, self.progress.chunk, size)
            for batch in made[self.progress.batch :]:
                yield padded(batch)
            self.progress.chunk, self.progress.batch = self.progress.chunk + 1, 0

    def save(self, name: str) -> None:
        """A checkpoint that takes the place of the last one at once."""
        state = {
            "shape": self.network.shape.to_json(),
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state(),
            "progress": self.progress.to_json(),
            "seed": self.seed,
            "batch": self.batch,
        }
        beside = self.folder / f"{name}.{os.getpid()}.tmp"
        torch.save(state, beside)
        os.replace(beside, self.folder / f"{name}.pt")

    def load(self, name: str) -> bool:
        """Take over a checkpoint; False where there is none."""
        path = self.folder / f"{name}.pt"
        if not path.is_file():
            forget_after(self.folder / "log.jsonl", name, -1)
            return False
        state = torch.load(path, weights_only=True)
        self._check(path, state)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimizer.load(state["optimizer"])
        self.progress = Progress(**state["progress"])
        forget_after(self.folder / "log.jsonl", name, self.progress.tokens)
        return True

    def _check(self, path: Path, state: Mapping[str, Any]) -> None:
        asked = {"shape": self.network.shape.to_json(), "seed": self.seed, "batch": self.batch}
        for what, value in asked.items():
            if state[what] != value:
                raise SystemExit(
                    f"{path}: trained with {what} {state[what]}, asked for {value}; "
                    "take another --folder, or put it back"
                )


def tokenizer_of(folder: Path, seed: int) -> Tokenizer:
    """The run's tokenizer, made where there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "tokenizer_config.json").is_file():
        save_tokenizer(train_tokenizer(seed), folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def chunk_batches(tokenizer: Tokenizer, seed: int, number: int, size: int) -> list[list[Encoded]]:
    """A chunk's chats in batches of nearly equal length, in any order; `size` bounds tokens with padding."""
    chats = sorted(encode_chunk(tokenizer, seed, number), key=lambda chat: len(chat.ids))
    batches: list[list[Encoded]] = [[]]
    for chat in chats:
        if (len(batches[-1]) + 1) * len(chat.ids) > size and batches[-1]:
            batches.append([])
        batches[-1].append(chat)
    order = torch.randperm(len(batches), generator=torch.Generator().manual_seed(seed * 1_000_003 + number))
    return [batches[place] for place in order]


def padded(batch: list[Encoded]) -> tuple[Tensor, Tensor]:
    """Ids (B, T), and whether the token after each is to be learnt."""
    width = max(len(chat.ids) for chat in batch)
    ids = torch.full((len(batch), width), PAD)
    learnt = torch.zeros(len(batch), width, dtype=torch.bool)
    for row, chat in enumerate(batch):
        ids[row, : len(chat.ids)] = torch.tensor(chat.ids)
        learnt[row, chat.prompt - 1 : len(chat.ids) - 1] = True
    return ids, learnt


def rate_share(progress: Progress, decay: int) -> float:
    """The share of the full learning rate: warm up, stay, and fall in a straight line over `decay` tokens."""
    if progress.decay_from is None:
        return min(1.0, (progress.tokens + 1) / WARMUP)
    return max(0.0, 1 - (progress.tokens - progress.decay_from) / decay)


def train(run: Run, *, tokens: int, decay: int = 0) -> None:
    """Steady training up to `tokens`, or with `decay` so many tokens more while the rate falls."""
    name = "decayed" if decay else "steady"
    found = run.load(name)
    if decay and not found:
        run.load("steady")
    elif decay:
        check_decay(run, decay)
    progress = run.progress
    if decay and progress.decay_from is None:
        progress.decay_from, progress.decay = progress.tokens, decay
    end = (progress.decay_from or 0) + decay if decay else tokens
    if progress.tokens >= end:
        print(f"{name}.pt has read {progress.tokens} tokens of {end}: nothing to do", flush=True)
        return
    clock = Clock(progress)
    for ids, learnt in run.batches():
        if progress.tokens >= end:
            break
        run.step(ids, learnt, rate_share(progress, decay))
        if clock.due("report", REPORTED_EVERY_S):
            clock.read()
            report(run, name)
        if progress.tokens >= (progress.probes + 1) * PROBED_EVERY:
            progress.probes = progress.tokens // PROBED_EVERY
            look(run, name)
        if clock.due("save", KEPT_EVERY_S):
            clock.read()
            run.save(name)
    clock.read()
    run.save(name)
    report(run, name)
    look(run, name)


def check_decay(run: Run, decay: int) -> None:
    """Stop where a decay that was begun is not the one asked for."""
    begun, steady = run.progress, run.folder / "steady.pt"
    if begun.decay not in (None, decay):
        raise SystemExit(f"decayed.pt falls over {begun.decay} tokens, asked for {decay}; move it away to begin anew")
    further = torch.load(steady, weights_only=True)["progress"]["tokens"] if steady.is_file() else 0
    if begun.decay_from is not None and further > begun.decay_from:
        raise SystemExit(
            f"steady.pt has gone on to {further} tokens since decayed.pt branched off at {begun.decay_from}; "
            "move decayed.pt away to decay from there"
        )


class Clock:
    """CPU seconds for the progress, and when something is due next."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.last = progress, time.process_time()
        self.next: dict[str, float] = {}

    def due(self, what: str, every_s: float) -> bool:
        """True when so many seconds have gone by since it last was."""
        now = time.monotonic()
        if now < self.next.setdefault(what, now + every_s):
            return False
        self.next[what] = now + every_s
        return True

    def read(self) -> None:
        """Add what this process used since the last reading."""
        now = time.process_time()
        self.progress.cpu_s, self.last = self.progress.cpu_s + now - self.last, now


def report(run: Run, name: str) -> None:
    """One line of the log."""
    p = run.progress
    line = {
        "phase": name,
        "tokens": p.tokens,
        "learnt": p.learnt,
        "steps": p.steps,
        "chunk": p.chunk,
        "cpu_s": round(p.cpu_s, 1),
        "loss": round(p.loss or 0.0, 5),
    }
    write(run, line)


def look(run: Run, name: str) -> None:
    """Quick figures of the averaged weights, in the log."""
    figures = probe(with_weights(run.network, run.average), run.tokenizer, PROBED)
    write(run, {"phase": name, "tokens": run.progress.tokens, "n": PROBED, "right": figures})
    print(in_words(figures), flush=True)


def forget_after(log: Path, name: str, tokens: int) -> None:
    """Drop the lines of a phase that came after its checkpoint: they will come again."""
    if not log.is_file():
        return
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]  # a kill may leave half a line
    kept = [line for line in whole if (told := json.loads(line))["phase"] != name or told["tokens"] <= tokens]
    beside = log.with_name(f"{log.name}.{os.getpid()}.tmp")
    beside.write_text("".join(kept), encoding="utf-8")
    os.replace(beside, log)


def write(run: Run, line: dict[str, Any]) -> None:
    """One line of the log, also printed."""
    with (run.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--tokens", type=int, default=100_000_000, help="where the steady part ends")
    parser.add_argument("--decay", type=int, default=0, help="tokens over which the learning rate falls to nothing")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def keep_memory() -> None:
    """Freed memory stays with the process: a sixth of the time went into getting it back from the system."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def main() -> None:
    given = arguments()
    keep_memory()
    fuse()
    torch.set_num_threads(given.threads)
    run = Run(given.folder, Shape(), SEED)
    print(f"{sum(p.numel() for p in run.network.parameters())} parameters, folder {given.folder}", flush=True)
    train(run, tokens=given.tokens, decay=given.decay)


if __name__ == "__main__":
    main()
