"""A training run: its progress, steps, batches and checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from .model import Network, Shape
from .optim import Optimizer
from .tokens import Encoded, encode_chunk, save_tokenizer, train_tokenizer

BATCH = 4096  # tokens per batch, padding included
DOUBLED_FROM = 30  # first chunk with batches twice as large: fewer steps, a fifth less time per token
AVERAGE = 0.998  # share of their previous value that averaged weights keep per step
PAD = 0


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
