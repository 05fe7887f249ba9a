"""Measures a model folder on held-out problems: `python -m training.nano.evaluate FOLDER [--n 300]`.

The model is called through the package's `mlx` provider. Writes `figures.json` into the output
folder: greedy accuracy per family, with known and with new wordings; ladders of difficulty; both
orders of judged pairs; and the gain of a vote of five at temperature 0.8.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.identifiers import derive_seed
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.strategies.voting import plurality
from pytest_hiddenlayer.types import GenerationConfig, Message, Request

from .families import Chat, read_answer
from .figures import Share, gain_of, grouped, share_of
from .mixture import FAMILIES
from .samples import PAIRED, PARAPHRASED, family_samples, ladder, pairs, problems_of

CONCURRENCY = 64
MAX_TOKENS = 256  # new tokens per answer
VOTERS, VOTE_TEMPERATURE = 5, 0.8
VOTED = (
    "sum at once",
    "difference at once",
    "product at once",
    "chain stated",
    "story stated",
    "chain at once",
    "sort",
)
Figures = dict[str, Any]


class Model:
    """A model folder behind the provider."""

    def __init__(self, folder: Path) -> None:
        self.provider = MlxProvider(str(folder))

    def close(self) -> None:
        """Stop the provider's thread."""
        asyncio.run(self.provider.close())

    def texts(self, chats: Sequence[Chat], *, temperature: float = 0.0, times: int = 1) -> list[list[str]]:
        """Return `times` answers per chat."""
        return asyncio.run(self._all(chats, temperature, times))

    async def _all(self, chats: Sequence[Chat], temperature: float, times: int) -> list[list[str]]:
        semaphore = asyncio.Semaphore(CONCURRENCY)

        async def complete(chat: Chat, seed: int) -> str:
            async with semaphore:
                completion = await self.provider.complete(_request(chat, temperature, seed))
            return completion.text

        # With one seed for all, every problem would use the same random numbers.
        seeds = ((chat, derive_seed(chat.prompt, index)) for chat in chats for index in range(times))
        texts = await asyncio.gather(*(complete(chat, seed) for chat, seed in seeds))
        return [list(texts[start : start + times]) for start in range(0, len(texts), times)]

    def correct(self, chats: Sequence[Chat]) -> list[bool]:
        """Return whether each greedy answer is correct."""
        return [read_answer(text) == chat.gold for (text,), chat in zip(self.texts(chats), chats, strict=True)]


def _request(chat: Chat, temperature: float, seed: int) -> Request:
    params = GenerationConfig(temperature=temperature, max_tokens=MAX_TOKENS)
    return Request(messages=(Message(role="user", content=chat.prompt),), params=params, seed=seed)


def families(model: Model, n: int) -> Figures:
    """Measure greedy answers by family, and by kind if a family has few kinds."""
    figures: Figures = {}
    for family in FAMILIES:
        chats = family_samples(family, n)
        correct, problems = model.correct(chats), problems_of(chats)
        figures[family] = share_of(correct, problems).to_json() | _kinds(correct, chats)
        _print_share(family, share_of(correct, problems))
    return figures


def _kinds(correct: Sequence[bool], chats: Sequence[Chat]) -> Figures:
    by_kind = grouped(correct, problems_of(chats), [chat.kind.split(",")[0] for chat in chats])
    return {"kinds": {kind: share.to_json() for kind, share in by_kind.items()}} if len(by_kind) <= 12 else {}


def paraphrases(model: Model, n: int) -> Figures:
    """Measure greedy answers in wordings that no training text contains."""
    figures: Figures = {}
    for family in PARAPHRASED:
        chats = family_samples(family, n, paraphrase=True)
        share = share_of(model.correct(chats), problems_of(chats))
        figures[family] = share.to_json()
        _print_share(f"{family}, reworded", share)
    return figures


def ladders(model: Model, n: int) -> Figures:
    """Measure greedy answers by rung, and a vote at VOTE_TEMPERATURE if it may gain."""
    figures: Figures = {}
    for name, rung, chats in ladder(n):
        share = share_of(model.correct(chats), problems_of(chats))
        rung_figures: Figures = share.to_json()
        if name in VOTED and 0.1 < share.value < 0.98:
            rung_figures["vote"] = voted(model, chats)
        figures.setdefault(name, {})[rung] = rung_figures
        _print_share(f"{name}, {rung}", share)
    return figures


def voted(model: Model, chats: Sequence[Chat]) -> Mapping[str, Any]:
    """Compare one sample with the plurality of several, on the same samples."""
    single, vote = [], []
    for texts, chat in zip(model.texts(chats, temperature=VOTE_TEMPERATURE, times=VOTERS), chats, strict=True):
        answers = [read_answer(text) for text in texts]
        single.append(sum(answer == chat.gold for answer in answers) / VOTERS)
        vote.append(float(plurality(answers).winner == chat.gold))
    gain = gain_of(single, vote, problems_of(chats)).to_json()
    print(f"  vote of {VOTERS}: {json.dumps(gain)}", flush=True)
    return gain


def orders(model: Model, n: int) -> Figures:
    """Measure pairs judged in both orders; `same` is order consistency: both verdicts prefer the same answer.

    The better answer is A in the first order and B in the second, so that the verdicts A, B and
    B, A are consistent.
    """
    figures: Figures = {}
    for family in PAIRED:
        verdicts: list[list[str]] = []
        shares = {}
        for order, chats in zip("AB", pairs(family, n), strict=True):
            problems = problems_of(chats)
            verdicts.append([read_answer(text).strip("[]") for (text,) in model.texts(chats)])
            correct = [verdict == chat.gold.strip("[]") for verdict, chat in zip(verdicts[-1], chats, strict=True)]
            shares[order] = share_of(correct, problems)
        same = [both in (("A", "B"), ("B", "A")) for both in zip(*verdicts, strict=True)]
        shares["same"] = share_of(same, problems)
        figures[family] = {name: share.to_json() for name, share in shares.items()}
        for name, share in shares.items():
            _print_share(f"{family}, {name}", share)
    return figures


def measure(folder: Path, n: int) -> Figures:
    """Return all figures of a model folder."""
    model, began = Model(folder), time.process_time()
    figures: Figures = {"n": n, "voters": VOTERS, "temperature": VOTE_TEMPERATURE}
    figures["families"] = families(model, n)
    figures["paraphrases"] = paraphrases(model, n)
    figures["orders"] = orders(model, n)
    figures["ladders"] = ladders(model, n)
    model.close()
    figures["cpu_s"] = round(time.process_time() - began, 1)
    return figures


def _print_share(name: str, share: Share) -> None:
    values = share.to_json()
    counts = f"n={share.n}, {share.problems} problems"
    print(f"{name:40} {share.value:.3f}  [{values['low']:.3f}, {values['high']:.3f}]  {counts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--out", type=Path, default=None, help="folder for figures.json; default: FOLDER")
    arguments = parser.parse_args()
    figures = measure(arguments.folder, arguments.n)
    out = (arguments.out or arguments.folder) / "figures.json"
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
