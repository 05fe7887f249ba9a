"""One host of a run, on the controller."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .models import AgentCalls, HostModels


@dataclass(kw_only=True, eq=False)
class Host:
    """A host: the gateway to its agent, its workers, and whether it is lost."""

    name: str  # as people call it
    gateway: Any  # of execnet
    channel: Any  # to the agent
    root: str = ""  # of the project there
    sent: bool = True  # whether the files there are those that this run sent
    notify: Callable[[str], None] = lambda text: None
    nodes: list[Any] = field(default_factory=list)  # its workers, as xdist's controllers
    last: Any = None  # the worker that started last
    restarted: int = 0  # workers that replaced others
    heard_at: float = field(default_factory=time.monotonic)
    ending: bool = False  # the run ends, and its connections with it
    lost: str = ""  # why; empty while it answers
    models: HostModels | None = None
    agent: AgentCalls = field(init=False)
    ready: threading.Event = field(default_factory=threading.Event)
    fault: str = ""  # what the agent said before it was ready

    def __post_init__(self) -> None:
        self.agent = AgentCalls(self.channel.send, self.name)

    def forget(self, node: Any) -> None:
        """Note that a worker has ended."""
        with suppress(ValueError):  # it is forgotten already
            self.nodes.remove(node)

    def receive(self, message: tuple[Any, ...] | None) -> None:
        """Take a message of the agent, on the thread of the connection; None is the last one."""
        self.heard_at = time.monotonic()
        if message is None:
            self.agent.close()
            if not self.ending:
                self.lost = self.lost or "its connection ended"
            self.fault = self.fault or "the connection ended"
            self.ready.set()
            return
        kind, *values = message
        if kind == "reply":
            self.agent.on_reply(*values)
        elif kind == "error":
            self.agent.on_error(*values)
        elif kind == "notice":
            self.notify(f"{self.name}: {values[0]}")
        elif kind == "ready":
            self.root = values[0]
            self.ready.set()
        elif kind == "fault":
            self.fault = values[0]
            self.ready.set()
