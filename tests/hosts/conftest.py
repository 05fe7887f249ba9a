"""A host's answers, and what a run needs."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.hosts.needs import HostNeeds
from pytest_hiddenlayer.hosts.report import Disk, HostFacts, HostTimes
from pytest_hiddenlayer.hosts.specs import HostSpec

VERSIONS = {"pytest-hiddenlayer": "1.4.0", "pytest": "9.2.0", "execnet": "2.1.2", "pytest-xdist": "3.8.0"}


def facts(**changed: object) -> HostFacts:
    """What a healthy host says, with some of it changed."""
    disk = Disk(folder="/home/me/.cache/hiddenlayer", free_bytes=50 * 10**9, writable=True)
    usual = {
        "python": (3, 12, 1),
        "system": "Darwin",
        "release": "15.1",
        "machine": "arm64",
        "cores": 10,
        "memory_bytes": 16 * 10**9,
        "cache": disk,
        "tmp": disk,
        "packages": VERSIONS,
        "code": "aa",
    }
    return HostFacts(**{**usual, **changed})


def times(offset_s: float = 0.0, round_trip_s: float = 0.02) -> HostTimes:
    """Clock and network."""
    return HostTimes(offset_s=offset_s, round_trip_s=round_trip_s)


def needs(**changed: object) -> HostNeeds:
    """What a run on a Mac needs that has the same versions."""
    usual = {"python": (3, 12, 4), "packages": VERSIONS, "code": "aa", "system": "Darwin arm64"}
    return HostNeeds(**{**usual, **changed})


@pytest.fixture
def spec() -> HostSpec:
    """A host that ssh reaches."""
    return HostSpec(text="ssh=mac2//python=/opt/evals/bin/python")
