"""Runs that go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.live_runs import GrowingRun


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Callable[..., GrowingRun]]:
    """`growing(CONFIGS)`: a run without records, whose page is served until the test ends."""
    runs: list[GrowingRun] = []

    def started(configs: dict[Any, Any] | None = None, **options: Any) -> GrowingRun:
        runs.append(GrowingRun(tmp_path / str(len(runs)), configs, **options))
        return runs[-1]

    yield started
    for run in runs:
        run.stop()
