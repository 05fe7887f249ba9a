"""A local server with the part of GitHub's API that our workflow for comments uses, and GitLab's notes."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


def artifact(files: Mapping[str, str | bytes]) -> bytes:
    """The ZIP file of an artifact."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@dataclass
class Api:
    """What the server holds, and the requests that it got."""

    files: Mapping[str, str | bytes] | None = None  # of the artifact; None: the run has none
    head_sha: str = "abc"  # of pull request 7
    comments: list[dict[str, Any]] = field(default_factory=list)  # of pull request 7
    requests: list[str] = field(default_factory=list)
    tokens: dict[str, str | None] = field(default_factory=dict)  # path → Authorization or PRIVATE-TOKEN
    url: str = ""

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> tuple[int, Any]:
        """(status, JSON value, bytes or the address of a redirection)."""
        repository = "/repos/o/r"
        if path == f"{repository}/actions/runs/5/artifacts":
            return 200, {"artifacts": [] if self.files is None else [{"id": 3}, {"id": 2}]}
        if path == f"{repository}/actions/artifacts/3/zip":
            return 302, self.url.replace("127.0.0.1", "localhost") + "/blob"
        if path == "/blob":
            return 200, artifact(self.files or {})
        if path == f"{repository}/pulls/7":
            return 200, {"head": {"sha": self.head_sha}}
        if path in (f"{repository}/issues/7/comments", "/projects/9/merge_requests/7/notes"):
            return self._comments(method, query, body)
        if method in ("PATCH", "PUT"):
            (old,) = [comment for comment in self.comments if str(comment["id"]) == path.rsplit("/", 1)[1]]
            old["body"] = _text(body)
            return 200, old
        return 404, {"message": f"no {path}"}

    def _comments(self, method: str, query: Mapping[str, list[str]], body: bytes) -> tuple[int, Any]:
        if method == "POST":
            new = {"id": 100 + len(self.comments), "user": {"login": "github-actions[bot]"}, "body": _text(body)}
            self.comments.append(new)
            return 201, new
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return 200, self.comments[(page - 1) * size : page * size]


def _text(body: bytes) -> str:
    """The text of a comment: of JSON (GitHub), or of a form (GitLab)."""
    if body.startswith(b"{"):
        return str(json.loads(body)["body"])
    return parse_qs(body.decode())["body"][0]


@contextmanager
def serve(api: Api) -> Iterator[Api]:
    """The server, until the block ends; `api.url` is its address."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.requests.append(f"{self.command} {parts.path}")
            api.tokens[parts.path] = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN")
            status, value = api.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", value)
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
