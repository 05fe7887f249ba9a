"""An HTTP server for this computer only, with the standard library.

A random token is the first part of the path, so the server answers only requests that know the
token. A request with another Host (DNS rebinding) or from another origin is refused.
"""

from __future__ import annotations

import secrets
import socketserver
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
MAX_CONNECTIONS = 64
"""Connections at the same time. A further one is closed without an answer."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves on 127.0.0.1, on a free port unless `port` names one. Raises OSError if the port is taken."""

    daemon_threads = True
    block_on_close = False  # a browser keeps connections open that it never uses
    allow_reuse_port = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, handler: type[LoopbackHandler], port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        self._connections = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(("127.0.0.1", port), handler)

    @property
    def address(self) -> str:
        """The URL to open in a browser."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def server_bind(self) -> None:
        """Bind without looking up the name of the host, which waits for a DNS server on some machines."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, unless there are too many."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the process has too many threads
            self._connections.release()
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection in its own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client that goes away is no error of the command."""


class LoopbackHandler(BaseHTTPRequestHandler):
    """Handles one connection; `route` says what was asked for."""

    server: LoopbackServer
    server_version, sys_version = "hiddenlayer", ""
    timeout = 30  # seconds until an idle connection is closed
    other_origins: tuple[str, ...] = ()  # besides the server's own

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, so that the command's output in the terminal stays readable."""

    def end_headers(self) -> None:
        """Add what every response has, errors included."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def route(self) -> str | None:
        """The path after the token. If the request is not allowed, sends the error response and returns None."""
        port = self.server.server_port
        hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        if self.headers.get("Host") not in hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        own = (f"http://{host}" for host in hosts)
        if self.headers.get("Origin") not in (None, *own, *self.other_origins):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        start, path = f"/{self.server.token}/", self.path
        if not secrets.compare_digest(path[: len(start)].encode("utf-8", "replace"), start.encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return path[len(start) :]

    def send_body(self, body: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        """Send a complete response; for HEAD its headers only."""
        self.send_response(HTTPStatus.OK)
        for name, value in {"Content-Type": content_type, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
