"""Muon for the matrices, AdamW for the rest.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks": a matrix's momentum
is orthogonalized by the Newton-Schulz iteration. This version iterates in single precision, which
is faster than bfloat16 on a CPU, and over all matrices of one shape at once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
ITERATIONS = 5
MATRIX_RATE, REST_RATE = 0.02, 4e-3
DECAY = 0.01


class Muon:
    """The Muon optimizer for all matrices of a network."""

    def __init__(self, matrices: list[nn.Parameter]) -> None:
        groups: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
        for matrix in matrices:
            groups[matrix.shape].append(matrix)
        self.groups = list(groups.values())
        self.momenta = [torch.zeros(len(group), *group[0].shape) for group in self.groups]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take one step with this learning rate."""
        for group, momentum in zip(self.groups, self.momenta, strict=True):
            gradients = torch.stack([parameter.grad for parameter in group if parameter.grad is not None])
            momentum.lerp_(gradients, 1 - MOMENTUM)
            directions = orthogonal(gradients.lerp(momentum, MOMENTUM))
            step_size = rate * max(1.0, group[0].shape[0] / group[0].shape[1]) ** 0.5
            for parameter, direction in zip(group, directions, strict=True):
                parameter.mul_(1 - rate * DECAY).add_(direction, alpha=-step_size)

    def state(self) -> dict[str, Any]:
        """Return the state that a checkpoint keeps."""
        return {"momenta": self.momenta}

    def load(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.momenta = state["momenta"]


def orthogonal(x: Tensor) -> Tensor:
    """Return the matrices (n, a, b) with singular values near 1."""
    tall = x.shape[1] > x.shape[2]
    x = x.transpose(1, 2) if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.transpose(1, 2)
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * (square @ square)) @ x
    return x.transpose(1, 2) if tall else x


class Optimizer:
    """Muon for the matrices and AdamW for embeddings and gains."""

    def __init__(self, network: nn.Module) -> None:
        named = [*network.named_parameters()]
        matrices = [p for name, p in named if p.dim() == 2 and "embed" not in name]
        rest = [p for name, p in named if p.dim() != 2 or "embed" in name]
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(rest, lr=REST_RATE, betas=(0.9, 0.98), weight_decay=0.0)

    def step(self, share: float) -> None:
        """Take one step at this share of the full learning rates and clear the gradients."""
        for options in self.adam.param_groups:
            options["lr"] = REST_RATE * share
        self.muon.step(MATRIX_RATE * share)
        self.adam.step()
        self.adam.zero_grad()
        for group in self.muon.groups:
            for parameter in group:
                parameter.grad = None

    def state(self) -> dict[str, Any]:
        """Return the state that a checkpoint keeps."""
        return {"muon": self.muon.state(), "adam": self.adam.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.muon.load(state["muon"])
        self.adam.load_state_dict(state["adam"])
