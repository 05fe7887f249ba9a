"""Who reads whom in a debate: all, the two neighbours of a ring, or a hub.

The sparse and the centralized topology are those that Li et al. 2024, "Improving Multi-Agent Debate with
Sparse Communication Topology", arXiv:2406.11776, and Choi et al. 2025, "Debate or Vote", arXiv:2508.17536,
compare with a debate in which everyone reads everyone.
"""

from __future__ import annotations

from typing import Literal

Topology = Literal["all", "ring", "star"]


def read_agents(topology: Topology, n_agents: int) -> list[list[int]]:
    """Returns, for each agent, the indices of the agents that it reads, ascending.

    `ring`: the agents before and after it. `star`: agent 0, the hub, reads all, and the others read the hub.
    """
    everyone = range(n_agents)
    if topology == "ring":
        return [sorted({(i - 1) % n_agents, (i + 1) % n_agents} - {i}) for i in everyone]
    if topology == "star":
        return [[j for j in everyone if j != 0]] + [[0] for _ in everyone[1:]]
    return [[j for j in everyone if j != i] for i in everyone]


def reads_json(reads: list[list[int]]) -> dict[str, list[str]]:
    """Returns the roles that each role reads, for the metadata `reads`."""
    return {f"agent-{i + 1}": [f"agent-{j + 1}" for j in read] for i, read in enumerate(reads)}
