"""Cases of a small task and the records of their runs, for the tests of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Record

TASK = """task: t
samples: [{id: a, input: question, target: yes}, {id: b, input: other, target: no}]
scorers: [SCORER]
"""


def first_case(folder: Path, scorer: str = "exact", more: str = "", **options: Any) -> Case:
    """Return the first case of `TASK` with this scorer, more lines of the task file and these options."""
    (folder / "t.yaml").write_text(TASK.replace("SCORER", scorer) + more)
    run_options = RunOptions(providers=(ModelName(provider="scripted"),), **options)
    return next(cases(cells(load_task(folder / "t.yaml", folder), run_options)[0]))


def run_with(case: Case, provider: Provider, overrides: GenerationConfig = GenerationConfig()) -> Record:
    """Return the record of a case; the model is its own judge."""
    return asyncio.run(run_case(case, provider, provider, overrides=overrides, run_id="r"))


def run(case: Case, script: Mapping[str, Any], overrides: GenerationConfig = GenerationConfig()) -> Record:
    """Return the record of a case that a scripted model answers."""
    return run_with(case, ScriptedProvider(script=script), overrides)
