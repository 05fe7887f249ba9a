"""Decodes greedily with a network in torch, many prompts at once, for quick evaluations during training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .model import Network, Positions

END = 0
MASKED = -1e9


@torch.no_grad()
def greedy(
    network: Network, prompts: Sequence[Sequence[int]], *, limit: int = 192, batch: int = 64
) -> list[list[int]]:
    """Return the tokens that follow each prompt, up to the end of the turn and at most `limit`."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    answers: dict[int, list[int]] = {}
    for start in range(0, len(order), batch):
        indices = order[start : start + batch]
        rows = _decode_batch(network, [list(prompts[index]) for index in indices], limit)
        answers.update(zip(indices, rows, strict=True))
    return [answers[index] for index in range(len(prompts))]


def _decode_batch(network: Network, prompts: list[list[int]], limit: int) -> list[list[int]]:
    """Decode one batch; shorter prompts have masked padding on the left."""
    width = max(map(len, prompts))
    padding = torch.tensor([width - len(prompt) for prompt in prompts])
    ids = torch.tensor([[END] * (width - len(prompt)) + prompt for prompt in prompts])
    padded = torch.arange(width) < padding[:, None]
    states, past = network.hidden(ids, _prompt_positions(network, padded))
    token = network.logits(states[:, -1]).argmax(-1)
    tokens = [token]
    ended = token == END
    while len(tokens) < limit and not bool(ended.all()):
        padded = torch.cat((padded, torch.zeros(len(prompts), 1, dtype=torch.bool)), 1)
        states, past = network.hidden(token[:, None], _next_position(network, padded), past)
        token = network.logits(states[:, -1]).argmax(-1)
        tokens.append(token)
        ended |= token == END
    return [_until_end(row) for row in torch.stack(tokens, 1).tolist()]


def _prompt_positions(network: Network, padded: Tensor) -> Positions:
    """Return positions that count the padding too: rotary embeddings depend on distances only."""
    width = padded.shape[1]
    causal = network.positions(width)
    mask = causal.mask + padded[:, None, None, :] * MASKED
    # A padded position attends to nothing; its scores are all equal after the clamp, and nothing reads it.
    return Positions(causal.cos, causal.sin, mask.clamp_min(MASKED))


def _next_position(network: Network, padded: Tensor) -> Positions:
    cos, sin = network.angles(torch.tensor([padded.shape[1] - 1]))
    return Positions(cos, sin, padded[:, None, None, :] * MASKED)


def _until_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(END)] if END in ids else ids
