"""Quick figures of a run: greedy, few held-out chats of each family, by the averaged weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from tokenizers import Tokenizer

from .decode import greedy
from .families import Chat, read_answer
from .mixture import FAMILIES
from .model import Network
from .samples import family_samples
from .tokens import prompt_ids


def probe(network: Network, tokenizer: Tokenizer, count: int) -> dict[str, float]:
    """Family → share of exact answers."""
    chats = {family: family_samples(family, count) for family in FAMILIES}
    flat = [chat for family in chats.values() for chat in family]
    said = answers(network, tokenizer, flat)
    right = iter(read_answer(text) == chat.gold for text, chat in zip(said, flat, strict=True))
    return {family: round(sum(next(right) for _ in some) / len(some), 3) for family, some in chats.items()}


def answers(network: Network, tokenizer: Tokenizer, chats: list[Chat]) -> list[str]:
    """The greedy text after each prompt."""
    found = greedy(network, prompt_ids(tokenizer, chats))
    return [tokenizer.decode(ids) for ids in found]


def with_weights(network: Network, weights: list[torch.Tensor]) -> Network:
    """A copy of the network that has these weights."""
    copy = Network(network.shape)
    with torch.no_grad():
        for parameter, value in zip(copy.parameters(), weights, strict=True):
            parameter.copy_(value)
    return copy


def in_words(figures: Mapping[str, float]) -> str:
    """One line."""
    mean = sum(figures.values()) / len(figures)
    return f"mean {mean:.3f}  " + " ".join(f"{family} {value:.2f}" for family, value in figures.items())
