"""A run with three players, and its folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tournaments import answers, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three strategies on eight samples: good beats fair beats poor, with ties and upsets."""
    return write_run(
        tmp_path,
        *answers("good", [1, 1, 1, 1, 1, 0, 1, 0]),
        *answers("fair", [1, 1, 0, 1, 0, 1, 0, 0]),
        *answers("poor", [0, 0, 1, 0, 0, 0, 0, 1]),
    )


@pytest.fixture
def here(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `run`, as the current one."""
    folder = run.parents[2]
    monkeypatch.chdir(folder)
    return folder
