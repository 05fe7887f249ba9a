"""Fixtures of the tests of strategies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from support.strategies import TASK, FakeProvider

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Record


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Record]:
    """Returns a function that runs a strategy on the sample with a fake provider."""

    def run(
        strategy: str,
        fake: FakeProvider,
        judge: FakeProvider | None = None,
        seed: int = 0,
        task: str = TASK,
        prompts: Path | None = None,
    ) -> Record:
        (tmp_path / "t.yaml").write_text(task)
        options = RunOptions(
            providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(strategy),), seed=seed
        )
        (cell,) = cells(load_task(tmp_path / "t.yaml", tmp_path), options)
        (case,) = cases(cell)
        judge = judge or fake
        return asyncio.run(run_case(case, fake, judge, overrides=GenerationConfig(), run_id="r", prompts=prompts))

    return run
