"""Who reads whom in a debate."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.debate.topology import read_agents, reads_json


@pytest.mark.parametrize(
    ("topology", "n", "expected"),
    [
        ("all", 3, [[1, 2], [0, 2], [0, 1]]),
        ("ring", 5, [[1, 4], [0, 2], [1, 3], [2, 4], [0, 3]]),
        ("ring", 3, [[1, 2], [0, 2], [0, 1]]),
        ("ring", 2, [[1], [0]]),
        ("star", 4, [[1, 2, 3], [0], [0], [0]]),
        ("star", 2, [[1], [0]]),
    ],
)
def test_the_agents_that_each_agent_reads(topology, n, expected):
    """In a ring agents read their neighbours, in a star the hub reads all and is read by all; nobody reads itself."""
    assert read_agents(topology, n) == expected


def test_the_metadata_name_roles():
    """The indices become the roles of the transcript."""
    assert reads_json([[1], [0]]) == {"agent-1": ["agent-2"], "agent-2": ["agent-1"]}
