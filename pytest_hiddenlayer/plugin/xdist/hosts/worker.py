"""Starts xdist's worker on a host, in the host's files. Its source is sent.

xdist's own module follows unchanged: it receives the same values, with the arguments that hold on this host.
"""

from __future__ import annotations

from typing import Any


class RepeatedChannel:
    """The channel of the worker, which returns a first value that is given here, and then what it receives."""

    def __init__(self, channel: Any, first: Any) -> None:
        self._channel, self._first = channel, [first]

    def receive(self, *args: Any, **kwargs: Any) -> Any:
        """The first value, then what the channel receives."""
        return self._first.pop() if self._first else self._channel.receive(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


def start(channel: Any) -> None:
    """Run xdist's module until the session ends."""
    import os

    workerinput, *_ = channel.receive()
    host = workerinput["hl_host"]
    if host["sent"]:
        os.makedirs(host["cwd"], exist_ok=True)  # a folder without files is not sent
    os.chdir(host["cwd"])
    os.environ.update(host["environment"])
    source = workerinput.pop("hl_source")
    repeated = RepeatedChannel(channel, (workerinput, host["arguments"], {}, None))
    code = compile(source, "xdist/remote.py", "exec")
    exec(code, {"__name__": "__channelexec__", "channel": repeated})


if __name__ == "__channelexec__":
    start(globals()["channel"])  # of execnet
