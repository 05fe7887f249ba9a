"""Measures a model folder on held-out problems: `python -m training.nano.evaluate FOLDER [--n 300]`.

Asked as everybody asks it, through the package's `mlx` provider. Writes `figures.json` into the
folder of results: greedy figures of each family, with known and with new wordings; ladders of
difficulty; both orders of judged pairs; what a vote of five gains at temperature 0.8.
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

AT_ONCE = 64
LIMIT = 256  # new tokens
VOTERS, WARMTH = 5, 0.8
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


class Asked:
    """A model behind the provider, and the texts it gave."""

    def __init__(self, folder: Path) -> None:
        self.provider = MlxProvider(str(folder))

    def close(self) -> None:
        """End the provider's thread."""
        asyncio.run(self.provider.close())

    def texts(self, chats: Sequence[Chat], *, temperature: float = 0.0, times: int = 1) -> list[list[str]]:
        """For each chat so many answers."""
        return asyncio.run(self._all(chats, temperature, times))

    async def _all(self, chats: Sequence[Chat], temperature: float, times: int) -> list[list[str]]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(chat: Chat, seed: int) -> str:
            async with gate:
                done = await self.provider.complete(_request(chat, temperature, seed))
            return done.text

        # One seed for all would draw the same numbers for every problem.
        seeds = ((chat, derive_seed(chat.prompt, time)) for chat in chats for time in range(times))
        found = await asyncio.gather(*(one(chat, seed) for chat, seed in seeds))
        return [list(found[start : start + times]) for start in range(0, len(found), times)]

    def right(self, chats: Sequence[Chat]) -> list[bool]:
        """Whether each greedy answer is the right one."""
        return [read_answer(said) == chat.gold for (said,), chat in zip(self.texts(chats), chats, strict=True)]


def _request(chat: Chat, temperature: float, seed: int) -> Request:
    params = GenerationConfig(temperature=temperature, max_tokens=LIMIT)
    return Request(messages=(Message(role="user", content=chat.prompt),), params=params, seed=seed)


def families(asked: Asked, n: int) -> Figures:
    """Greedy, by family; `kinds` where a family has few of them."""
    found: Figures = {}
    for family in FAMILIES:
        chats = family_samples(family, n)
        right, problems = asked.right(chats), problems_of(chats)
        found[family] = share_of(right, problems).to_json() | _kinds(right, chats)
        _say(family, share_of(right, problems))
    return found


def _kinds(right: Sequence[bool], chats: Sequence[Chat]) -> Figures:
    by_kind = grouped(right, problems_of(chats), [chat.kind.split(",")[0] for chat in chats])
    return {"kinds": {kind: share.to_json() for kind, share in by_kind.items()}} if len(by_kind) <= 12 else {}


def paraphrases(asked: Asked, n: int) -> Figures:
    """Greedy, in wordings that no training text holds."""
    found: Figures = {}
    for family in PARAPHRASED:
        chats = family_samples(family, n, paraphrase=True)
        share = share_of(asked.right(chats), problems_of(chats))
        found[family] = share.to_json()
        _say(f"{family}, reworded", share)
    return found


def ladders(asked: Asked, n: int) -> Figures:
    """Greedy, by rung; and at WARMTH where a vote may gain."""
    found: Figures = {}
    for name, rung, chats in ladder(n):
        share = share_of(asked.right(chats), problems_of(chats))
        figures: Figures = share.to_json()
        if name in VOTED and 0.1 < share.value < 0.98:
            figures["vote"] = voted(asked, chats)
        found.setdefault(name, {})[rung] = figures
        _say(f"{name}, {rung}", share)
    return found


def voted(asked: Asked, chats: Sequence[Chat]) -> Mapping[str, Any]:
    """One sample against the plurality of several, on the same samples."""
    single, vote = [], []
    for texts, chat in zip(asked.texts(chats, temperature=WARMTH, times=VOTERS), chats, strict=True):
        answers = [read_answer(text) for text in texts]
        single.append(sum(answer == chat.gold for answer in answers) / VOTERS)
        vote.append(float(plurality(answers).winner == chat.gold))
    gain = gain_of(single, vote, problems_of(chats)).to_json()
    print(f"  vote of {VOTERS}: {json.dumps(gain)}", flush=True)
    return gain


def orders(asked: Asked, n: int) -> Figures:
    """Pairs judged twice, the better answer as A and as B; `same` where both verdicts name one answer.

    The better one stands as A first, so that A and then B name it both times, and B and then A the other.
    """
    found: Figures = {}
    for family in PAIRED:
        told: list[list[str]] = []
        shares = {}
        for order, chats in zip("AB", pairs(family, n), strict=True):
            problems = problems_of(chats)
            told.append([read_answer(said).strip("[]") for (said,) in asked.texts(chats)])
            right = [verdict == chat.gold.strip("[]") for verdict, chat in zip(told[-1], chats, strict=True)]
            shares[order] = share_of(right, problems)
        same = [both in (("A", "B"), ("B", "A")) for both in zip(*told, strict=True)]
        shares["same"] = share_of(same, problems)
        found[family] = {name: share.to_json() for name, share in shares.items()}
        for name, share in shares.items():
            _say(f"{family}, {name}", share)
    return found


def measure(folder: Path, n: int) -> Figures:
    """All figures of a model folder."""
    asked, began = Asked(folder), time.process_time()
    figures: Figures = {"n": n, "voters": VOTERS, "temperature": WARMTH}
    figures["families"] = families(asked, n)
    figures["paraphrases"] = paraphrases(asked, n)
    figures["orders"] = orders(asked, n)
    figures["ladders"] = ladders(asked, n)
    asked.close()
    figures["cpu_s"] = round(time.process_time() - began, 1)
    return figures


def _say(what: str, share: Share) -> None:
    told = share.to_json()
    counts = f"n={share.n}, {share.problems} problems"
    print(f"{what:40} {share.value:.3f}  [{told['low']:.3f}, {told['high']:.3f}]  {counts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--out", type=Path, default=None, help="where figures.json goes, else FOLDER")
    given = parser.parse_args()
    figures = measure(given.folder, given.n)
    out = (given.out or given.folder) / "figures.json"
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
