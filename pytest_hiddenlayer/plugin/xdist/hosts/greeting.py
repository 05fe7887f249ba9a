"""Starts the agent on a host. Its source is sent: it imports the standard library first."""

from __future__ import annotations

from typing import Any


def greet(channel: Any) -> None:
    """Say why this package cannot be imported, or nothing; then serve a run, if it can."""
    try:
        from pytest_hiddenlayer.plugin.xdist.hosts.agent import serve
    except Exception as error:  # whatever a broken installation raises
        channel.send(f"{type(error).__name__}: {error}")
        return
    channel.send("")
    serve(channel, channel.receive())


if __name__ == "__channelexec__":
    greet(globals()["channel"])  # of execnet
