"""Evaluates a run quickly: greedy answers to a few held-out chats per family, with the averaged weights."""

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


def quick_eval(network: Network, tokenizer: Tokenizer, count: int) -> dict[str, float]:
    """Return the share of exact answers by family, over `count` chats per family."""
    by_family = {family: family_samples(family, count) for family in FAMILIES}
    all_chats = [chat for chats in by_family.values() for chat in chats]
    texts = answers(network, tokenizer, all_chats)
    correct = iter(read_answer(text) == chat.gold for text, chat in zip(texts, all_chats, strict=True))
    return {family: round(sum(next(correct) for _ in chats) / len(chats), 3) for family, chats in by_family.items()}


def answers(network: Network, tokenizer: Tokenizer, chats: list[Chat]) -> list[str]:
    """Return the greedy answer to each chat's prompt."""
    return [tokenizer.decode(ids) for ids in greedy(network, prompt_ids(tokenizer, chats))]


def with_weights(network: Network, weights: list[torch.Tensor]) -> Network:
    """Return a copy of the network with these weights."""
    copy = Network(network.shape)
    with torch.no_grad():
        for parameter, value in zip(copy.parameters(), weights, strict=True):
            parameter.copy_(value)
    return copy


def summary_line(shares: Mapping[str, float]) -> str:
    """Return the mean and all shares on one line."""
    mean = sum(shares.values()) / len(shares)
    return f"mean {mean:.3f}  " + " ".join(f"{family} {value:.2f}" for family, value in shares.items())
