"""A run of one sample with several models, each of which replies by its own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.strategies import QUESTION

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.checks.options import check_options
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import ModelName, Record, Sample, Spec, Task


@pytest.fixture
def with_models(monkeypatch) -> Callable[..., Record]:
    """Returns a function from a strategy and {model: rules of a scripted provider} to the record.

    `own:MODEL` names a model; `plain` is the candidate, and the judge unless `judge` names another.
    """

    def run(strategy: str, rules: dict[str, Any], question: str = QUESTION, judge: str = "plain") -> Record:
        def opened(model: str | None = None) -> ScriptedProvider:
            script = rules.get(model or "plain", "unused")
            return ScriptedProvider(model, {"default": script} if isinstance(script, str) else script)

        monkeypatch.setattr(providers, "_registered", {"own": opened})
        sample = Sample(id="a", input=question, target="42")
        task = Task(name="t", path="t", samples=(sample,), scorers=(Spec(name="numeric"),))
        options = RunOptions(
            providers=(ModelName(provider="own", model="plain"),),
            strategies=(parse_strategy(strategy),),
            judge=ModelName(provider="own", model=judge),
        )
        check_options(options)
        runtime = Runtime(options, "r")
        try:
            (case,) = (case for cell in cells(task, options) for case in cases(cell))
            return runtime.wait(runtime.submit(case))
        finally:
            runtime.close()

    return run
