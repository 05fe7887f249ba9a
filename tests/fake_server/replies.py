"""Whole answers in each server's format. What is answered can be written into the last message:

    ANSWER=X      "The answer is X"; without it "The answer is unknown"
    FINISH=word   the server's own word for why the answer ended
    REFUSE=1      a refusal in the format's own way
    CACHED=n      n of the input tokens were read from a cache
    MODEL=name    the model that the server says it used
    GZIP=1        the body is compressed

A token is a word. Of every token of the answer the natural log is -0.5, that of "other" -1.5.
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
    """One HTTP answer, and where it is broken off."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False  # break the connection off, after `cut` bytes of the body or before anything
    cut: int | None = None
    pause_s: float = 0.0  # between the bytes

    def head(self) -> bytes:
        """Status line and headers."""
        headers = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class _Said:
    """What the prompt asks to be answered."""

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


def answer(path: str, body: Mapping[str, Any], config: Any, said: str) -> Reply:
    """The reply to a whole request; 404 for an unknown path."""
    marks = dict(MARK.findall(said))
    asked = _Said(
        text=json.dumps({"answer": marks.get("ANSWER")}) if _schema(body) else _text(marks),
        marks=marks,
        model=marks.get("MODEL", body.get("model", config.models[0])),
        n_in=len(json.dumps(body.get("messages") or body.get("input") or "").split()),
        body=body,
    )
    for end, make in _ROUTES.items():
        if path.removeprefix("/v1") == end:
            whole = make(asked, config)
            if body.get("stream") and end in STREAMS:
                return _events(STREAMS[end](asked, whole), "GZIP" in marks)
            return _reply(whole, "GZIP" in marks)
    return Reply(json.dumps({"error": {"message": f"no such path: {path}"}}).encode(), status=404)


def _reply(found: Any, pack: bool) -> Reply:
    plain = b"".join(json.dumps(one).encode() + b"\n" for one in (found if isinstance(found, list) else [found]))
    return Reply(gzip.compress(plain), headers={"content-encoding": "gzip"}) if pack else Reply(plain)


def _events(events: list[Any], pack: bool) -> Reply:
    plain = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events)
    headers = {"content-type": "text/event-stream", **({"content-encoding": "gzip"} if pack else {})}
    return Reply(gzip.compress(plain) if pack else plain, headers=headers)


def _text(marks: Mapping[str, str]) -> str:
    return f"The answer is {marks.get('ANSWER', 'unknown')}"


def _schema(body: Mapping[str, Any]) -> bool:
    places = (body.get("response_format"), body.get("text"), body.get("output_config"), body.get("format"))
    return any(places)


def _alternatives(said: _Said) -> list[dict[str, Any]]:
    other = {"token": "other", "logprob": -1.5, "bytes": None}
    return [
        {"token": word, "logprob": -0.5, "top_logprobs": [{"token": word, "logprob": -0.5}, other]}
        for word in said.words
    ]


def _chat(said: _Said, config: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": said.text, "refusal": None}
    if said.refuses:
        message |= {"content": None, "refusal": "I cannot help with that"}
    n_out = len(said.words)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": said.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": {"content": _alternatives(said)} if said.body.get("logprobs") else None,
                "finish_reason": said.marks.get("FINISH", "stop"),
            }
        ],
        "usage": {
            "prompt_tokens": said.n_in,
            "completion_tokens": n_out,
            "total_tokens": said.n_in + n_out,
            "prompt_tokens_details": {"cached_tokens": said.cached},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _responses(said: _Said, config: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": said.text, "annotations": []}
    if "message.output_text.logprobs" in said.body.get("include", ()):
        part["logprobs"] = _alternatives(said)
    if said.refuses:
        part = {"type": "refusal", "refusal": "I cannot help with that"}
    reason = said.marks.get("FINISH")
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": said.model,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]},
        ],
        "usage": {
            "input_tokens": said.n_in,
            "input_tokens_details": {"cached_tokens": said.cached},
            "output_tokens": len(said.words) + 7,
            "output_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": said.n_in + len(said.words) + 7,
        },
    }


def _messages(said: _Said, config: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": [] if said.refuses else [{"type": "text", "text": said.text}],
        "stop_reason": "refusal" if said.refuses else said.marks.get("FINISH", "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.n_in,
            "output_tokens": len(said.words),
            "cache_read_input_tokens": said.cached,
            "cache_creation_input_tokens": 3 if said.cached else 0,
        },
    }


def _ollama_chat(said: _Said, config: Any) -> Any:
    head = {"model": said.model, "created_at": "2025-01-01T00:00:00Z"}
    if not said.body.get("messages"):
        return {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "load"}
    words = said.words if said.body.get("stream", True) else [said.text]
    told = _alternatives(said) if said.body.get("logprobs") else []
    lines: list[dict[str, Any]] = []
    for number, word in enumerate(words):
        line = {**head, "message": {"role": "assistant", "content": word}, "done": False}
        lines.append({**line, "logprobs": told[number : number + 1]} if told and len(words) > 1 else line)
    end: dict[str, Any] = {
        "done": True,
        "done_reason": said.marks.get("FINISH", "stop"),
        "total_duration": 5,
        "load_duration": 1,
        "prompt_eval_count": said.n_in,
        "prompt_eval_duration": 2,
        "eval_count": len(said.words),
        "eval_duration": 2,
    }
    if said.body.get("stream", True):
        return [*lines, {**head, "message": {"role": "assistant", "content": ""}, **end}]
    return {**lines[0], **end, **({"logprobs": told} if told else {})}


def _show(said: _Said, config: Any) -> dict[str, Any]:
    return {
        "details": {"format": "gguf", "family": "standin"},
        "model_info": {"general.architecture": "standin", "standin.context_length": config.context},
        "capabilities": ["completion"],
    }


_ROUTES = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/messages": _messages,
    "/api/chat": _ollama_chat,
    "/api/show": _show,
    "/api/version": lambda said, config: {"version": "0.12.6"},
    "/api/tags": lambda said, config: {
        "models": [{"name": name, "model": name, "digest": config.digest} for name in config.models]
    },
    "/models": lambda said, config: {"object": "list", "data": [{"id": n, "object": "model"} for n in config.models]},
}


def last_text(body: Mapping[str, Any]) -> str:
    """The last message's text, in any of the formats; empty where there is none."""
    messages = body.get("messages") or body.get("input") or [{}]
    found = messages if isinstance(messages, str) else messages[-1].get("content", "")
    return found if isinstance(found, str) else "".join(part.get("text", "") for part in found)


def _chat_events(said: _Said, whole: dict[str, Any]) -> list[Any]:
    choice = whole["choices"][0]
    kind = "refusal" if said.refuses else "content"
    head = {"id": whole["id"], "object": "chat.completion.chunk", "model": said.model}
    told = (choice["logprobs"] or {}).get("content", [])
    words = [choice["message"]["refusal"]] if said.refuses else said.words
    deltas = [{"role": "assistant", "content": ""}, *({kind: word} for word in words), {}]
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    groups = [told] if said.refuses else [[one] for one in told]
    for chunk, group in zip(chunks[1:], groups, strict=False):
        chunk["choices"][0]["logprobs"] = {"content": group}
    chunks[-1]["choices"][0]["finish_reason"] = choice["finish_reason"]
    return [*chunks, {**head, "choices": [], "usage": whole["usage"]}]


def _response_events(said: _Said, whole: dict[str, Any]) -> list[Any]:
    deltas = [{"type": "response.output_text.delta", "delta": word} for word in said.words]
    return [{"type": "response.created"}, *deltas, {"type": f"response.{whole['status']}", "response": whole}]


def _message_events(said: _Said, whole: dict[str, Any]) -> list[Any]:
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    blocks: list[Any] = []
    for index in range(len(whole["content"])):
        blocks.append({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}})
        for word in said.words:
            delta = {"type": "text_delta", "text": word}
            blocks.append({"type": "content_block_delta", "index": index, "delta": delta})
        blocks.append({"type": "content_block_stop", "index": index})
    usage = {"output_tokens": whole["usage"]["output_tokens"]}
    end = {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"]}, "usage": usage}
    return [{"type": "message_start", "message": start}, {"type": "ping"}, *blocks, end, {"type": "message_stop"}]


STREAMS = {"/chat/completions": _chat_events, "/responses": _response_events, "/messages": _message_events}
