"""Both vendors, with keys in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_server.requests import KEY
from support.batch_runs import VENDORS, BatchRuns


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def runs(tmp_path: Path, vendor: str) -> BatchRuns:
    return BatchRuns(tmp_path / "batches", vendor)
