"""A server of raw bytes on loopback: a script says what each request gets, down to single bytes and pauses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

CLOSE = None
"""In a script: close the connection."""
Piece = bytes | float | None  # bytes to send, seconds to wait, or CLOSE
Script = Callable[["Received"], Iterable[Piece]]


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    number: int  # on its connection, from 0

    @property
    def key(self) -> str:
        """The key that the request has."""
        return self.headers.get("authorization", "").removeprefix("Bearer ") or self.headers.get("x-api-key", "")

    @property
    def prompt(self) -> str:
        """The text of the last message."""
        values = json.loads(self.body or b"{}")
        messages = values.get("messages") or values.get("input") or [{}]
        return str(messages[-1].get("content", ""))


@dataclass
class HostileServer:
    """A running server."""

    url: str
    received: list[Received] = field(default_factory=list)  # without those of the lists of models


def response(body: bytes, *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A whole response; `length` replaces the true length, and `_` in names of headers means `-`."""
    given = {"content-type": "application/json", "content-length": str(len(body) if length is None else length)}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def honest(received: Received) -> list[Piece]:
    """The answer of a server that does as the API documents: a list of models, or `PROMPT, answered`."""
    return [response(json.dumps(honest_body(received)).encode())]


def honest_body(received: Received, text: str | None = None, **more: Any) -> dict[str, Any]:
    """The whole body of an honest answer; Ollama's is one line of a stream."""
    path = received.path.partition("?")[0]
    if path.endswith(("/models", "/api/tags")):
        return {"data": [{"id": "m", "digest": "0" * 64}], "models": [{"model": "m", "digest": "0" * 64}]}
    if path.endswith("/api/show"):
        return {"model_info": {"fake.context_length": 8192}, "capabilities": ["completion"]}
    answer = f"{received.prompt}, answered" if text is None else text
    bodies: dict[str, dict[str, Any]] = {
        "/chat/completions": {
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        },
        "/responses": {
            "object": "response",
            "status": "completed",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": answer}]}],
            "usage": {"input_tokens": 5, "output_tokens": 2},
        },
        "/messages": {
            "type": "message",
            "content": [{"type": "text", "text": answer}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 5, "output_tokens": 2},
        },
        "/api/chat": {
            "message": {"role": "assistant", "content": answer},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 5,
            "eval_count": 2,
        },
    }
    return next(({"model": "m", **body, **more} for end, body in bodies.items() if path.endswith(end)), {})


@contextmanager
def hostile_server(script: Script, models: Script = honest) -> Iterator[HostileServer]:
    """Run a server in threads; `models` answers requests with GET and Ollama's `show`, `script` the others."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    running = HostileServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ended, connections = threading.Event(), []

    def answer(received: Received) -> Iterable[Piece]:
        if received.method == "GET" or received.path.endswith("/api/show"):
            return models(received)
        running.received.append(received)
        return script(received)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=_serve, args=(connection, answer, ended), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        ended.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        thread.join(10)


def _serve(connection: socket.socket, answer: Script, ended: threading.Event) -> None:
    """Answer the requests of one connection, until it is closed."""
    with suppress(OSError), connection.makefile("rb") as file:
        number = 0
        while (received := _read(file, number)) is not None:
            number += 1
            for piece in answer(received):
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                elif piece is CLOSE or ended.wait(piece):
                    connection.shutdown(socket.SHUT_RDWR)
                    return


def _read(file: Any, number: int) -> Received | None:
    first = file.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := file.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))
    return Received(first[0], first[1], headers, body, number)
