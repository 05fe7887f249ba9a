"""Greedy answers of a network in torch, many prompts at once: quick figures while it trains."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .model import Network, Places

END = 0
HIDDEN = -1e9


@torch.no_grad()
def greedy(
    network: Network, prompts: Sequence[Sequence[int]], *, limit: int = 192, batch: int = 64
) -> list[list[int]]:
    """The tokens that follow each prompt, up to the end of the turn."""
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    answers: dict[int, list[int]] = {}
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        found = _together(network, [list(prompts[place]) for place in places], limit)
        answers.update(zip(places, found, strict=True))
    return [answers[place] for place in range(len(prompts))]


def _together(network: Network, prompts: list[list[int]], limit: int) -> list[list[int]]:
    """One batch; shorter prompts are padded on the left, where nothing sees them."""
    width = max(map(len, prompts))
    padding = torch.tensor([width - len(prompt) for prompt in prompts])
    ids = torch.tensor([[END] * (width - len(prompt)) + prompt for prompt in prompts])
    unseen = torch.arange(width) < padding[:, None]
    states, past = network.hidden(ids, _first(network, unseen))
    token = network.logits(states[:, -1]).argmax(-1)
    taken = [token]
    ended = token == END
    while len(taken) < limit and not bool(ended.all()):
        unseen = torch.cat((unseen, torch.zeros(len(prompts), 1, dtype=torch.bool)), 1)
        states, past = network.hidden(token[:, None], _next(network, unseen), past)
        token = network.logits(states[:, -1]).argmax(-1)
        taken.append(token)
        ended |= token == END
    return [_until_end(row) for row in torch.stack(taken, 1).tolist()]


def _first(network: Network, unseen: Tensor) -> Places:
    """Rotary positions count from the padding on: only distances matter to them."""
    width = unseen.shape[1]
    whole = network.places(width)
    hidden = whole.hidden + unseen[:, None, None, :] * HIDDEN
    # A padded place sees nothing; the lowest score of all is then as good as any other.
    return Places(whole.cos, whole.sin, hidden.clamp_min(HIDDEN))


def _next(network: Network, unseen: Tensor) -> Places:
    cos, sin = network.angles(torch.tensor([unseen.shape[1] - 1]))
    return Places(cos, sin, unseen[:, None, None, :] * HIDDEN)


def _until_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(END)] if END in ids else ids
