"""The page of blind questions, served to this computer only, by the standard library.

Only who has the address may ask anything of it: a random token is its first part. A request
under another host's name (DNS rebinding) is refused, and the page may load, send to and be
framed by nothing else.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from .label_page import done_page, question_page
from .session import LabelingSession

MAX_BODY = 64 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Type": "text/html; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LabelServer(ThreadingHTTPServer):
    """One sitting on 127.0.0.1, at a port that was free; `with` closes it."""

    daemon_threads = True
    block_on_close = False  # a browser keeps connections open that it never uses

    def __init__(self, sitting: LabelingSession) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sitting, self.token, self.lock = sitting, secrets.token_urlsafe(24), threading.Lock()

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    server_version, sys_version = "hiddenlayer", ""
    timeout = 30  # of a connection that says nothing, in seconds

    def do_GET(self) -> None:
        """The question to be asked now."""
        if self._allowed(""):
            with self.server.lock:
                page = question_page(self.server.sitting, nonce := secrets.token_urlsafe(16))
            self._send(page, nonce)

    def do_POST(self) -> None:
        """What was said to a question; or that the person is done."""
        if self.path.endswith("/done"):
            self._done()
        elif self._allowed("answer"):
            with self.server.lock:
                taken = take(self.server.sitting, self._form())
            if taken:
                self.send_response(HTTPStatus.SEE_OTHER)
                self.send_header("Location", f"/{self.server.token}/")
                self.end_headers()
            else:
                self.send_error(HTTPStatus.BAD_REQUEST)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to the command."""

    def _done(self) -> None:
        if self._allowed("done"):
            self._send(done_page(self.server.sitting, nonce := secrets.token_urlsafe(16)), nonce)
            self.server.shutdown()

    def _allowed(self, name: str) -> bool:
        """Whether the request is for this page, under its own host's name; answered with an error where not."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        if not secrets.compare_digest(self.path.encode(), f"/{self.server.token}/{name}".encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return False
        return True

    def _form(self) -> dict[str, str]:
        """The fields of the request; empty where it has none that can be read."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return {}
        try:
            fields = parse_qs(self.rfile.read(int(length)).decode(), keep_blank_values=True, max_num_fields=8)
        except ValueError:
            return {}
        return {name: values[-1] for name, values in fields.items()}

    def _send(self, page: str, nonce: str) -> None:
        body = page.encode("utf-8", "replace")
        self.send_response(HTTPStatus.OK)
        for name, value in {**HEADERS, "Content-Security-Policy": _policy(nonce)}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def take(sitting: LabelingSession, form: Mapping[str, str]) -> bool:
    """Whether a form said something to one of the sitting's questions, and it was taken."""
    at, said = form.get("at", ""), form.get("answer", "")
    if not at.isdecimal() or int(at) > len(sitting.questions):
        return False
    sitting.at = int(at)
    if said in ("skip", "back"):
        (sitting.skip if said == "skip" else sitting.back)()
        return True
    if said not in sitting.choices():
        return False
    sitting.answer(said, form.get("note", "").replace("\r\n", "\n"))
    return True


def _policy(nonce: str) -> str:
    """Nothing from anywhere but the page's own style and script, and no form to anybody else."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
