"""A request, its answer, and how they are recorded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder, Replayer
from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage

REQUEST = Request(
    messages=(
        Message(role="system", content="You are agent 1 of 3."),
        Message(role="user", content="What is 2 + 2?"),
    ),
    params=GenerationConfig(temperature=0.0, top_p=1.0, max_tokens=64, stop=("END",)),
    seed=7,
    role="agent-1",
    round=1,
    sample_id="s1",
)
ANSWER = Completion(
    text="4",
    finish_reason="stop",
    usage=Usage(input_tokens=9, output_tokens=1, cached_input_tokens=0, calls=1),
    latency_s=0.25,
    model="nano-1",
    cost_usd=0.01,
    time_to_first_token_s=0.125,
    attempts=3,
)
REPLAYED = replace(ANSWER, latency_s=0.0, time_to_first_token_s=None, attempts=1, cost_usd=0.0, cached=True)
RECORDER = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, "tests")
from support.cassettes import ANSWER, REQUEST, identity
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder
folder, name, how = sys.argv[1:]
recorder = Recorder(Path(folder))
for i in range(100):
    recorder.add(identity(replace(REQUEST, sample_id=f"{name}{i}")), replace(ANSWER, text=f"{name}{i}"))
if how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
recorder.close()
"""


def identity(request: Request = REQUEST, model: str = "nano-1", endpoint: str = "") -> dict[str, Any]:
    return cache_key_fields("mlx", model, endpoint, request)


def record(folder: Path, *calls: tuple[dict[str, Any], Completion]) -> None:
    recorder = Recorder(folder)
    for one, completion in calls or ((identity(), ANSWER),):
        recorder.add(one, completion)
    recorder.close()


def miss(folder: Path, request: Request, model: str = "nano-1") -> str:
    """The message about a call that is not recorded."""
    with pytest.raises(ProviderError) as caught:
        Replayer(folder).find("mlx", model, "", request)
    return str(caught.value)


def with_prompt(text: str, **changes: Any) -> Request:
    return replace(REQUEST, messages=(REQUEST.messages[0], Message(role="user", content=text)), **changes)


def spawn(folder: Path, name: str, how: str = "close") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RECORDER, str(folder), name, how], cwd=Path(__file__).parents[2])
