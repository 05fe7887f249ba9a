"""Finds hosts and workers that fall silent: their connection may stay open for hours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from .channels import channel_of
from .host import Host

PING_S = 2.0
"""Seconds between two questions to a host."""
SILENT_S = 30.0
"""Seconds without any answer after which a host or a worker is taken for lost, by default."""


class Heartbeat:
    """Asks hosts and their workers for a sign of life, in a thread of its own."""

    def __init__(
        self,
        hosts: Sequence[Host],
        lose: Callable[[Host, str], None],
        lose_worker: Callable[[Host, Any, str], None],
        silent_s: float | None,
    ) -> None:
        """A host or worker that does not answer for `silent_s` seconds is taken for lost."""
        self._silent_s = SILENT_S if silent_s is None else silent_s
        self._hosts, self._lose, self._lose_worker = hosts, lose, lose_worker
        self._heard: dict[Any, float] = {}  # worker → when it was heard
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hiddenlayer-hosts", daemon=True)

    def start(self) -> None:
        """Begin. Silence counts from now on."""
        now = time.monotonic()
        for host in self._hosts:
            host.heard_at = now
        self._thread.start()

    def stop(self) -> None:
        """End; a question that hangs in a dead connection is left behind."""
        self._ended.set()

    def heard(self, node: Any) -> None:
        """Note that a worker answered."""
        self._heard[node] = time.monotonic()

    def _run(self) -> None:
        while not self._ended.wait(PING_S):
            for host in self._hosts:
                if not host.lost:
                    self._check(host)

    def _check(self, host: Host) -> None:
        now, why = time.monotonic(), f"it was silent for {self._silent_s:g} s"
        _in_background(partial(host.channel.send, ("ping",)))
        if now - host.heard_at > self._silent_s:
            self._lose(host, why)
            return
        for node in list(host.nodes):
            channel = channel_of(node)
            if channel is None:
                continue
            _in_background(partial(channel.send, ("ping", "")))
            if now - self._heard.get(node, now) > self._silent_s:  # it is not heard before pytest has started there
                self._lose_worker(host, node, why)


def _in_background(send: Callable[[], None]) -> None:
    """Send in another thread: a write to a dead connection blocks once its buffer is full."""

    def run() -> None:
        with suppress(OSError):
            send()

    threading.Thread(target=run, daemon=True).start()
