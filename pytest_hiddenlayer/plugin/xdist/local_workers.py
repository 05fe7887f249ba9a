"""Workers of `-n`: one that dies costs no answer of the log, and one that a signal stopped does not stop the run."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..state import STATE
from .hosts.channels import KNOWN_TEXT, LOCAL, as_text
from .hosts.heartbeat import PING_S, SILENT_S

if TYPE_CHECKING:
    from ...types import Record


class LocalWorkers:
    """Pings workers, and sends them what workers that died have written to the log."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._unanswered: dict[Any, int] = {}  # worker → pings since it was heard
        self._known: dict[str, Record] = {}  # that no item has reported, of workers that died
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="hiddenlayer-workers", daemon=True)

    def connect(self, node: Any) -> None:
        """Give a worker that starts a channel, and the records that it reuses."""
        channel = node.workerinput[LOCAL] = node.gateway.newchannel()
        if self._known:
            node.workerinput[KNOWN_TEXT] = as_text(list(self._known.values()))
        self._unanswered[node] = 0
        channel.setcallback(lambda message: self._unanswered.update({node: 0}))

    def start(self) -> None:
        """Begin to ping."""
        if not self._thread.is_alive() and not self._ended.is_set():
            self._thread.start()

    def stop(self) -> None:
        """Stop pinging."""
        self._ended.set()

    def lost(self, node: Any) -> None:
        """A worker has died: the others get the records of its items that were not reported."""
        self._unanswered.pop(node, None)
        if (state := self._config.stash.get(STATE, None)) is not None:
            state.lost_worker = True
        new = {record.key: record for record in self._unreported() if record.key not in self._known}
        if new:
            self._known.update(new)
            text = as_text(list(new.values()))
            for other in list(self._unanswered):
                with suppress(OSError):  # it has ended too
                    other.workerinput[LOCAL].send(("known", text))

    def _unreported(self) -> Sequence[Record]:
        from ...errors import HiddenLayerError
        from ...results.log.run_log import read_whole_lines

        state = self._config.stash.get(STATE, None)
        if state is None:
            return []
        reported = {record.key for record in state.session.records}
        with suppress(HiddenLayerError, OSError):
            return [one for one in read_whole_lines(state.session.run_log.folder) if one.key not in reported]
        return []

    def _watch(self) -> None:
        state = self._config.stash.get(STATE, None)
        silent_s = None if state is None else state.session.options.host_timeout_s
        limit = (SILENT_S if silent_s is None else silent_s) / PING_S
        while not self._ended.wait(PING_S):
            for node, unanswered in list(self._unanswered.items()):
                self._unanswered[node] = unanswered + 1  # pings, not seconds: this process may have been stopped too
                threading.Thread(target=partial(_ping, node), daemon=True).start()  # a full pipe blocks
                if unanswered > limit:
                    _end_if_stopped(node)


def _ping(node: Any) -> None:
    with suppress(OSError):
        node.workerinput[LOCAL].send(("ping", ""))


def _end_if_stopped(node: Any) -> None:
    """Kill a silent worker if a signal has stopped it; one that starts or computes may be silent for long."""
    pid = getattr(getattr(node.gateway._io, "popen", None), "pid", None)
    if pid is None or sys.platform == "win32":
        return
    import subprocess

    with suppress(OSError):
        shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
        if shown.stdout.startswith("T"):
            os.kill(pid, signal.SIGKILL)
