"""The channel between each worker and the controller: records, signs of life, and what was collected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ....engine.unfinished.completed_call import CompletedCall
    from ....session.session import Session
    from ....types import Record

LOG = "hl_log"
"""In `workerinput`: the channel of a run with hosts."""
LOCAL = "hl_local"
"""In `workerinput`: the channel of a run whose workers are all on this computer; it carries no records."""
HOST = "hl_host"
"""In `workerinput` on a host: its folders, arguments and environment."""
KNOWN_TEXT = "hl_known"
"""In `workerinput` of a worker that replaces another: the records that it reuses."""
KNOWN = pytest.StashKey[dict[str, "Record"]]()
"""On a worker's config: records of this run that the log holds already, by key."""


def on_host(config: pytest.Config) -> bool:
    """Whether this process is a worker on a host."""
    return HOST in getattr(config, "workerinput", {})


def channel_of(node: Any) -> Any:
    """The controller's end of a worker's channel; None if it has none."""
    return node.workerinput.get(LOG)


def attach(config: pytest.Config) -> None:
    """Answer the controller, and take the records that it has already."""
    worker_input = getattr(config, "workerinput", {})
    channel = worker_input.get(LOG) or worker_input.get(LOCAL)
    if channel is None:
        return
    sent = worker_input.pop(KNOWN_TEXT, None)
    known = config.stash[KNOWN] = {record.key: record for record in (from_text(sent) if sent else ())}

    def received(message: tuple[str, str]) -> None:
        kind, text = message
        if kind == "known":
            known.update({record.key: record for record in from_text(text)})
        elif kind == "ping":
            channel.send(("pong", ""))

    channel.setcallback(received)


def connect_session(config: pytest.Config, session: Session) -> None:
    """Have a worker's session send its records to the controller, if it is on a host."""
    session.known = config.stash.get(KNOWN, None)
    if on_host(config):
        channel = config.workerinput[LOG]  # type: ignore[attr-defined]
        session.send_records = lambda records: channel.send(("records", as_text(records)))
        session.send_calls = lambda calls: channel.send(("calls", calls_as_text(calls)))


def as_text(records: Sequence[Record]) -> str:
    """Records as JSON."""
    from ....io.codecs import record_to_json

    return json.dumps([record_to_json(record) for record in records])


def calls_as_text(calls: Sequence[CompletedCall]) -> str:
    """Answered calls as JSON, which `calls_from_text` reads."""
    return json.dumps([call.to_json() for call in calls])


def calls_from_text(text: str) -> list[CompletedCall]:
    """The calls that `calls_as_text` wrote."""
    from ....engine.unfinished.completed_call import CompletedCall

    return [CompletedCall.from_json(values) for values in json.loads(text)]


def from_text(text: str) -> list[Record]:
    """The records that `as_text` wrote."""
    from ....io.codecs import record_from_json

    return [record_from_json(values) for values in json.loads(text)]
