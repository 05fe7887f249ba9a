"""The batch endpoints of OpenAI and Anthropic: batches that end after a while, their results in another order.

A request fails as it would by itself (`FAULT=400`, `FAULT=500*1`), and in two ways of batches:

    FAULT=expired*1     it was not reached before the batch expired
    FAULT=missing*1     the results do not mention it
    FAULT=cancelled*1   somebody cancelled its batch
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .faults import draw, fault
from .replies import Reply, answer, last_text

_ERRORS = {"400": "invalid_request_error", "401": "authentication_error", "429": "rate_limit_error"}
PATHS = ("/files", "/batches", "/messages/batches")
_ODD = 7919  # a step through the results that reaches all of them in another order


@dataclass
class Batch:
    """One batch."""

    id: str
    requests: list[tuple[str, str, dict[str, Any]]]  # custom_id, path, body
    made_s: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    results: list[tuple[str, str | None, Reply]] | None = None  # custom_id, kind of fault, what it would be alone


class Batches:
    """All files and batches of a server."""

    def __init__(self, config: Any, seen: Any) -> None:
        self.config, self.seen = config, seen
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.waits_s: float = config.batch_s

    def answer(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        """The reply to a path below one of `PATHS`."""
        path = path.partition("?")[0].removeprefix("/v1")
        self.seen.batch_calls[f"{method} {path.split('_')[0]}"] += 1
        if not self.config.batches:
            return _json({"error": {"message": f"no such path: {path}"}}, 404)
        if self.config.batch_faults and method == "GET":
            kind = draw(path, self.seen.batch_calls["faulty"], self.config.batch_faults)
            self.seen.batch_calls["faulty"] += 1
            if kind is not None:
                return fault(kind, self.config.retry_after, "", path)
        ours = path.startswith("/messages/batches")
        return (self._anthropic if ours else self._openai)(method, path, headers, raw)

    # ------------------------------------------------------------ OpenAI

    def _openai(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        match method, path.strip("/").split("/"):
            case "POST", ["files"]:
                name = f"file-in_{len(self.files)}"
                self.files[name] = _content(headers["content-type"], raw)
                return _json({"id": name, "object": "file", "purpose": "batch"})
            case "POST", ["batches"]:
                asked = json.loads(raw)
                lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
                assert all(line["url"] == asked["endpoint"] and line["method"] == "POST" for line in lines)
                requests = [(line["custom_id"], line["url"], line["body"]) for line in lines]
                return self._made(requests, asked.get("metadata") or {}, self._openai_batch)
            case "GET", ["batches"]:
                return _json({"data": [*map(self._openai_batch, reversed(self.batches.values()))], "has_more": False})
            case "GET", ["batches", name]:
                if name not in self.batches:
                    return _json({"error": {"message": f"No batch found with id '{name}'."}}, 404)
                return _json(self._openai_batch(self.batches[name]))
            case "GET", ["files", name, "content"]:
                return Reply(self.files[name])
        return _json({"error": {"message": f"no such path: {path}"}}, 404)

    def _openai_batch(self, batch: Batch) -> dict[str, Any]:
        done = self._done(batch)
        told: dict[str, Any] = {
            "id": batch.id,
            "object": "batch",
            "status": "in_progress",
            "created_at": int(batch.made_s),
            "expires_at": int(batch.made_s) + 86400,
            "metadata": batch.metadata,
            "request_counts": {"total": len(batch.requests), "completed": 0, "failed": 0},
        }
        if not done:
            return told
        if self.config.batch_refused:
            errors = {"data": [{"code": "invalid_json_line", "line": 1, "message": self.config.batch_refused}]}
            return told | {"status": "failed", "errors": errors, "failed_at": int(batch.made_s)}
        word = "expired" if any(kind == "expired" for _, kind, _ in batch.results or ()) else "completed"
        self._openai_files(batch)
        return told | {
            "status": word,
            f"{word}_at": int(batch.made_s) + 720,
            "output_file_id": f"file-out_{batch.id}",
            "error_file_id": f"file-err_{batch.id}",
        }

    def _openai_files(self, batch: Batch) -> None:
        good, bad = [], []
        for custom_id, kind, reply in batch.results or ():
            line: dict[str, Any] = {"id": f"batch_req_{custom_id[:6]}", "custom_id": custom_id, "error": None}
            if kind == "cancelled":
                line |= {"response": None, "error": {"code": "batch_cancelled", "message": "This was cancelled."}}
            elif kind == "expired":
                line["response"] = None
                line["error"] = {"code": "batch_expired", "message": "This request could not be executed in time."}
            else:
                body = json.loads(reply.body)
                line["response"] = {"status_code": reply.status, "request_id": "r", "body": body}
            (good if kind is None else bad).append(json.dumps(line, ensure_ascii=False))
        self.files[f"file-out_{batch.id}"] = "\n".join(good).encode()
        self.files[f"file-err_{batch.id}"] = ("\n".join(bad) + "\n").encode()

    # ------------------------------------------------------------ Anthropic

    def _anthropic(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Reply:
        match method, path.strip("/").split("/")[2:]:
            case "POST", []:
                if self.config.batch_refused:
                    error = {"type": "invalid_request_error", "message": self.config.batch_refused}
                    return _json({"type": "error", "error": error}, 400)
                asked = json.loads(raw)["requests"]
                requests = [(one["custom_id"], "/messages", one["params"]) for one in asked]
                return self._made(requests, {}, self._anthropic_batch)
            case "GET", []:
                listed = [self._anthropic_batch(batch) for batch in reversed(self.batches.values())]
                return _json({"data": listed, "has_more": False})
            case "GET", [name]:
                return _json(self._anthropic_batch(self.batches[name]))
            case "GET", [name, "results"]:
                return Reply(self._anthropic_results(self.batches[name]))
        return _json({"type": "error", "error": {"type": "not_found_error", "message": path}}, 404)

    def _anthropic_batch(self, batch: Batch) -> dict[str, Any]:
        done, n = self._done(batch), len(batch.requests)
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if done else "in_progress",
            "request_counts": counts | {"succeeded" if done else "processing": n},
            "created_at": _rfc(batch.made_s),
            "ended_at": _rfc(batch.made_s + 720) if done else None,
            "expires_at": _rfc(batch.made_s + 86400),
            "results_url": "http://elsewhere.example/steals/the/key" if done else None,
        }

    def _anthropic_results(self, batch: Batch) -> bytes:
        lines = []
        for custom_id, kind, reply in batch.results or ():
            result: dict[str, Any] = {"type": "expired"}
            if kind is None:
                result = {"type": "succeeded", "message": json.loads(reply.body)}
            elif kind == "cancelled":
                result = {"type": "canceled"}
            elif kind != "expired":
                error = {
                    "type": _ERRORS.get(kind, "api_error"),
                    "message": json.loads(reply.body)["error"]["message"],
                }
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            lines.append(json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False))
        return "\n".join(lines).encode()

    # ------------------------------------------------------------ both

    def _made(self, requests: list[tuple[str, str, dict[str, Any]]], metadata: Mapping[str, str], show: Any) -> Reply:
        ids = [custom_id for custom_id, _, _ in requests]
        assert len(set(ids)) == len(ids)
        batch = Batch(f"batch_{len(self.batches)}", requests, time.time(), metadata)
        self.batches[batch.id] = batch
        self.seen.batches.append(len(requests))
        if len(self.batches) <= self.config.lose_batches:
            return Reply(b"", drop=True)
        return _json(show(batch))

    def _done(self, batch: Batch) -> bool:
        if time.time() < batch.made_s + self.waits_s:
            return False
        if batch.results is None:
            found = [(name, *self._alone(path, body)) for name, path, body in batch.requests]
            found = [found[i * _ODD % len(found)] for i in range(len(found))] if len(found) % _ODD else found
            batch.results = [one for one in found if one[1] != "missing"]
        return True

    def _alone(self, path: str, body: dict[str, Any]) -> tuple[str | None, Reply]:
        """(kind of fault, what the request would be answered by itself)."""
        said = last_text(body)
        self.seen.attempts[said] += 1
        kind = draw(said, self.seen.attempts[said], {})
        if kind in (None, "expired", "missing", "cancelled"):
            return kind, answer(path, body, self.config, said)
        return kind, fault(kind, None, self.config.key or "", path)


def _content(kind: str, raw: bytes) -> bytes:
    """The file of a form."""
    boundary = kind.partition("boundary=")[2].encode()
    parts = [part for part in raw.split(b"--" + boundary) if b'name="file"' in part]
    return parts[0].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _rfc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _json(body: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status=status)
