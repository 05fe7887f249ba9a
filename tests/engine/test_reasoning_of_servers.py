"""What a server reports as its model's reasoning reaches the record by every way on which an answer comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_server import fake_server
from fake_server.replies import Reply
from fake_server.requests import KEY

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.types import ModelName, Record, Sample, Spec, Task

PATHS = {"openai": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": ""}
THOUGHT, ANSWER = "4 or 5?", "The answer is 4"


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """API keys that the fake server accepts, and a cache folder."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("HIDDENLAYER_CACHE", str(tmp_path / "cache"))


def whole(provider: str) -> dict[str, Any]:
    """Return a response with reasoning."""
    if provider == "openai":
        message = {"role": "assistant", "content": ANSWER, "reasoning_content": THOUGHT}
        return {"model": "fake-1", "choices": [{"message": message, "finish_reason": "stop"}]}
    if provider == "openai_responses":
        thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": THOUGHT}]}
        message = {"type": "message", "content": [{"type": "output_text", "text": ANSWER}]}
        return {"object": "response", "status": "completed", "model": "fake-1", "output": [thought, message]}
    if provider == "anthropic":
        content = [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]
        return {"type": "message", "model": "fake-1", "content": content, "stop_reason": "end_turn"}
    message = {"role": "assistant", "content": ANSWER, "thinking": THOUGHT}
    return {"model": "fake-1", "message": message, "done": True, "done_reason": "stop"}


def events(provider: str) -> list[dict[str, Any]]:
    """Return the same response in pieces."""
    pieces = [(name, text[:3], text[3:]) for name, text in (("thinking", THOUGHT), ("text", ANSWER))]
    if provider == "openai":
        names = {"thinking": "reasoning_content", "text": "content"}
        deltas = [{names[name]: piece} for name, *texts in pieces for piece in texts]
        chunks = [{"choices": [{"delta": delta, "finish_reason": None}], "model": "fake-1"} for delta in deltas]
        return [*chunks, {"choices": [{"delta": {}, "finish_reason": "stop"}], "model": "fake-1"}]
    if provider == "openai_responses":
        delta = {"type": "response.output_text.delta", "delta": ANSWER}
        return [delta, {"type": "response.completed", "response": whole(provider)}]
    if provider == "anthropic":
        started = [{"type": "message_start", "message": {"model": "fake-1", "usage": {}}}]
        for index, (name, *texts) in enumerate(pieces):
            started.append({"type": "content_block_start", "index": index, "content_block": {"type": name, name: ""}})
            deltas = [{"type": f"{name}_delta", name: piece} for piece in texts]
            started += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        return [*started, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]
    head, names = {"model": "fake-1", "done": False}, {"thinking": "thinking", "text": "content"}
    messages = [
        {"role": "assistant", "content": "", names[name]: piece} for name, *texts in pieces for piece in texts
    ]
    end = {"model": "fake-1", "done": True, "done_reason": "stop", "message": {"role": "assistant", "content": ""}}
    return [*({**head, "message": message} for message in messages), end]


def answered(provider: str, url: str, **options: Any) -> Record:
    """Return the record of one sample."""
    settings = {"base_urls": {provider: f"{url}{PATHS[provider]}"}, "cache": "off", **options}
    runtime = Runtime(RunOptions(providers=(ModelName(provider=provider, model="fake-1"),), **settings), "r")
    task = Task(
        name="t", path="t", samples=(Sample(id="s", input="2+2", target="4"),), scorers=(Spec(name="numeric"),)
    )
    try:
        (cell,) = cells(task, runtime.options)
        return runtime.wait(runtime.submit(next(iter(cases(cell)))))
    finally:
        runtime.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("provider", PATHS)
def test_reasoning_reaches_the_record(provider: str, stream: bool, tmp_path: Path):
    """Asked, from the cache, recorded and replayed, the record has the same answer and the same reasoning."""

    def reply(path: str, body: Any) -> Reply | None:
        if path.endswith(("/show", "/tags", "/models")):
            return None
        if not body.get("stream"):
            return Reply(json.dumps(whole(provider)).encode())
        if provider == "ollama":
            return Reply("".join(f"{json.dumps(event)}\n" for event in events(provider)).encode())
        return Reply("".join(f"data: {json.dumps(event)}\n\n" for event in events(provider)).encode())

    cassettes = tmp_path / "cassettes"
    with fake_server(refuse=reply) as server:
        ways = ({"cache": "all", "record": cassettes}, {"cache": "all"}, {"replay": cassettes})
        records = [answered(provider, server.url, stream=stream, **way) for way in ways]
    assert [record.outcome for record in records] == ["correct"] * 3, [record.error for record in records]
    assert [record.cached for record in records] == [False, True, True]
    assert {(record.output, record.reasoning) for record in records} == {(ANSWER, THOUGHT)}
    assert {record.transcript[0]["reasoning"] for record in records} == {THOUGHT}
