"""Complete responses in the format of each server. The last message can say what to answer:

    ANSWER=X      "The answer is X"; without it "The answer is unknown"
    FINISH=word   the finish reason in the server's own vocabulary
    REFUSE=1      a refusal, as the format expresses it
    CACHED=n      number of input tokens read from a cache
    MODEL=name    the model that the server reports
    GZIP=1        the body is compressed

A token is a word. Every token of the answer has the natural log-probability -0.5, its alternative "other" -1.5.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MARK = re.compile(r"([A-Z]+)=(\S+)")


@dataclass(frozen=True)
class Reply:
    """One HTTP response, and where the connection breaks."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False  # close the connection after `cut` bytes of the body, or before the status line
    cut: int | None = None
    pause_s: float = 0.0  # between two bytes

    def head(self) -> bytes:
        """Return the status line and the headers."""
        headers = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class _AnswerSpec:
    """The answer that the prompt asks for."""

    text: str
    marks: Mapping[str, str]
    model: str
    n_in: int
    body: Mapping[str, Any]

    @property
    def words(self) -> list[str]:
        return re.findall(r"\s*\S+", self.text)

    @property
    def cached(self) -> int:
        return int(self.marks.get("CACHED", 0))

    @property
    def refuses(self) -> bool:
        return "REFUSE" in self.marks


def answer(path: str, body: Mapping[str, Any], config: Any, prompt: str) -> Reply:
    """Return the reply to a request; 404 for an unknown path."""
    if config.refuse is not None and prompt and (refusal := config.refuse(path, body)) is not None:
        return refusal
    marks = dict(MARK.findall(prompt))
    text = json.dumps({"answer": marks.get("ANSWER")}) if _schema(body) else _text(marks)
    spec = _AnswerSpec(
        text=text if config.write is None else config.write(prompt, body),
        marks=marks,
        model=marks.get("MODEL", body.get("model", config.models[0])),
        n_in=len(json.dumps(body.get("messages") or body.get("input") or "").split()),
        body=body,
    )
    for route, make in _ROUTES.items():
        if path.removeprefix("/v1") == route:
            whole = make(spec, config)
            if body.get("stream") and route in STREAMS:
                return _events(STREAMS[route](spec, whole), "GZIP" in marks)
            return _reply(whole, "GZIP" in marks)
    return Reply(json.dumps({"error": {"message": f"no such path: {path}"}}).encode(), status=404)


def _reply(body: Any, pack: bool) -> Reply:
    plain = b"".join(json.dumps(line).encode() + b"\n" for line in (body if isinstance(body, list) else [body]))
    return Reply(gzip.compress(plain), headers={"content-encoding": "gzip"}) if pack else Reply(plain)


def _events(events: list[Any], pack: bool) -> Reply:
    plain = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    headers = {"content-type": "text/event-stream", **({"content-encoding": "gzip"} if pack else {})}
    return Reply(gzip.compress(plain) if pack else plain, headers=headers)


def _text(marks: Mapping[str, str]) -> str:
    return f"The answer is {marks.get('ANSWER', 'unknown')}"


def _schema(body: Mapping[str, Any]) -> bool:
    formats = (body.get("response_format"), body.get("text"), body.get("output_config"), body.get("format"))
    return any(formats)


def _alternatives(spec: _AnswerSpec) -> list[dict[str, Any]]:
    other = {"token": "other", "logprob": -1.5, "bytes": None}
    return [
        {"token": word, "logprob": -0.5, "top_logprobs": [{"token": word, "logprob": -0.5}, other]}
        for word in spec.words
    ]


def _chat(spec: _AnswerSpec, config: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": spec.text, "refusal": None}
    if spec.refuses:
        message |= {"content": None, "refusal": "I cannot help with that"}
    n_out = len(spec.words)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": spec.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": {"content": _alternatives(spec)} if spec.body.get("logprobs") else None,
                "finish_reason": spec.marks.get("FINISH", "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": spec.n_in,
            "completion_tokens": n_out,
            "total_tokens": spec.n_in + n_out,
            "prompt_tokens_details": {"cached_tokens": spec.cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _responses(spec: _AnswerSpec, config: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": spec.text, "annotations": []}
    if "message.output_text.logprobs" in spec.body.get("include", ()):
        part["logprobs"] = _alternatives(spec)
    if spec.refuses:
        part = {"type": "refusal", "refusal": "I cannot help with that"}
    reason = spec.marks.get("FINISH")
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": spec.model,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]},
        ],
        "usage": {
            "input_tokens": spec.n_in,
            "input_tokens_details": {"cached_tokens": spec.cached},
            "output_tokens": len(spec.words) + 7,
            "output_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": spec.n_in + len(spec.words) + 7,
        },
    }


def _messages(spec: _AnswerSpec, config: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": spec.model,
        "content": [] if spec.refuses else [{"type": "text", "text": spec.text}],
        "stop_reason": "refusal" if spec.refuses else spec.marks.get("FINISH", "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": spec.n_in,
            "output_tokens": len(spec.words),
            "cache_read_input_tokens": spec.cached,
            "cache_creation_input_tokens": 3 if spec.cached else 0,
        },
    }


def _ollama_chat(spec: _AnswerSpec, config: Any) -> Any:
    head = {"model": spec.model, "created_at": "2025-01-01T00:00:00Z"}
    if not spec.body.get("messages"):
        return {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "load"}
    words = spec.words if spec.body.get("stream", True) else [spec.text]
    logprobs = _alternatives(spec) if spec.body.get("logprobs") else []
    lines: list[dict[str, Any]] = []
    for number, word in enumerate(words):
        line = {**head, "message": {"role": "assistant", "content": word}, "done": False}
        lines.append({**line, "logprobs": logprobs[number : number + 1]} if logprobs and len(words) > 1 else line)
    end: dict[str, Any] = {
        "done": True,
        "done_reason": spec.marks.get("FINISH", "stop"),
        "total_duration": 5,
        "load_duration": 1,
        "prompt_eval_count": spec.n_in,
        "prompt_eval_duration": 2,
        "eval_count": len(spec.words),
        "eval_duration": 2,
    }
    if spec.body.get("stream", True):
        return [*lines, {**head, "message": {"role": "assistant", "content": ""}, **end}]
    return {**lines[0], **end, **({"logprobs": logprobs} if logprobs else {})}


def _show(spec: _AnswerSpec, config: Any) -> dict[str, Any]:
    return {
        "details": {"format": "gguf", "family": "fake"},
        "model_info": {"general.architecture": "fake", "fake.context_length": config.context},
        "capabilities": ["completion"],
    }


_ROUTES = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/messages": _messages,
    "/api/chat": _ollama_chat,
    "/api/show": _show,
    "/api/version": lambda spec, config: {"version": "0.12.6"},
    "/api/tags": lambda spec, config: {
        "models": [{"name": name, "model": name, "digest": config.digest} for name in config.models]
    },
    "/models": lambda spec, config: {
        "object": "list",
        "data": [{"id": name, "object": "model", "digest": config.digest} for name in config.models],
    },
}


def last_text(body: Mapping[str, Any]) -> str:
    """Return the text of the last message, in any of the formats; empty if there is no message."""
    messages = body.get("messages") or body.get("input") or [{}]
    content = messages if isinstance(messages, str) else messages[-1].get("content", "")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _chat_events(spec: _AnswerSpec, whole: dict[str, Any]) -> list[Any]:
    choice = whole["choices"][0]
    kind = "refusal" if spec.refuses else "content"
    head = {"id": whole["id"], "object": "chat.completion.chunk", "model": spec.model}
    logprobs = (choice["logprobs"] or {}).get("content", [])
    words = [choice["message"]["refusal"]] if spec.refuses else spec.words
    deltas = [{"role": "assistant", "content": ""}, *({kind: word} for word in words), {}]
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    groups = [logprobs] if spec.refuses else [[token] for token in logprobs]
    for chunk, group in zip(chunks[1:], groups, strict=False):
        chunk["choices"][0]["logprobs"] = {"content": group}
    chunks[-1]["choices"][0]["finish_reason"] = choice["finish_reason"]
    return [*chunks, {**head, "choices": [], "usage": whole["usage"]}]


def _response_events(spec: _AnswerSpec, whole: dict[str, Any]) -> list[Any]:
    deltas = [{"type": "response.output_text.delta", "delta": word} for word in spec.words]
    return [{"type": "response.created"}, *deltas, {"type": f"response.{whole['status']}", "response": whole}]


def _message_events(spec: _AnswerSpec, whole: dict[str, Any]) -> list[Any]:
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    blocks: list[Any] = []
    for index in range(len(whole["content"])):
        blocks.append({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}})
        for word in spec.words:
            delta = {"type": "text_delta", "text": word}
            blocks.append({"type": "content_block_delta", "index": index, "delta": delta})
        blocks.append({"type": "content_block_stop", "index": index})
    usage = {"output_tokens": whole["usage"]["output_tokens"]}
    end = {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]}, "usage": usage}
    return [{"type": "message_start", "message": start}, {"type": "ping"}, *blocks, end, {"type": "message_stop"}]


STREAMS = {"/chat/completions": _chat_events, "/responses": _response_events, "/messages": _message_events}
