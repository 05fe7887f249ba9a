"""Records of judged cases, for the tests of judges: a task in a folder, scripted answers and verdicts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import GenerationConfig, ModelName, Record

SAMPLES = [{"id": "a", "input": "Which fruit is blue?", "target": "the blueberry"}]


def write_case(
    folder: Path, scorer: Mapping[str, Any], samples: Sequence[Mapping[str, Any]] = SAMPLES, **form: Any
) -> Case:
    """The first case of a task with this scorer."""
    whole = {"task": "t", "samples": samples, "scorers": [scorer], **form}
    path = folder / "t.yaml"
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in whole.items()))
    options = RunOptions(providers=(ModelName(provider="scripted"),))
    return next(cases(cells(load_task(path, folder), options)[0]))


def rules(*rules: Mapping[str, Any], answer: str = "plums") -> ScriptedProvider:
    """A model that answers `answer`, and judges by these rules."""
    return ScriptedProvider(script={"rules": [{"role": "answer", "reply": answer}, *rules], "default": "hm"})


def record(case: Case, model: ScriptedProvider, **judges: ScriptedProvider) -> Record:
    """The record; the model judges itself, and `judges` are the judges that the scorer names `scripted:NAME`."""
    named = {f"scripted:{name}": judge for name, judge in judges.items()}
    return asyncio.run(run_case(case, model, model, overrides=GenerationConfig(), run_id="r", named_models=named))
