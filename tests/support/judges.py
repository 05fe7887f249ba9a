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
from pytest_hiddenlayer.types import Completion, GenerationConfig, ModelName, Record, Request

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


def judge(**params: Any) -> dict[str, Any]:
    """The scorer as a task file writes it."""
    return {"llm_judge": {"criteria": "Is it right?", **params}}


def says(*replies: str, role: str = "llm_judge.*", **more: Any) -> dict[str, Any]:
    """A rule for the judge."""
    return {"role": role, **({"reply": replies[0]} if len(replies) == 1 else {"replies": list(replies)}), **more}


def judge_calls(judged: Record, role: str = "llm_judge") -> list[dict[str, Any]]:
    """The calls of the judge."""
    return [call for call in judged.transcript if call["role"].startswith(role)]


class RepliesInTurn(ScriptedProvider):
    """Answers `plums`, then judges with these replies, one per call; keeps the requests."""

    def __init__(self, *replies: str) -> None:
        super().__init__(script={"rules": [{"role": "answer", "reply": "plums"}]})
        self.replies, self.requests = list(replies), []

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        completion = await super().complete(request)
        if request.role == "answer":
            return completion
        return Completion(
            text=self.replies.pop(0),
            finish_reason="stop",
            usage=completion.usage,
            latency_s=0.0,
            model="judge-1",
            cost_usd=0.0,
        )
