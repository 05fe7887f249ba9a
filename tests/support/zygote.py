"""Forks a process for each run of pytest, `hiddenlayer` or a script, and for each worker of such a run.

It has imported what a run needs, which saves a second of CPU time per run and half a second per worker. Runs in a
new interpreter (`fresh=True`) and `hiddenlayer run -n 2` start workers as execnet does.

`Folder` runs this file as `python -c`, and writes a line per run: JSON of the front end, its arguments, the folder
and the files for stdout and stderr. The answer is a line with the exit status. With a sixth value, the run has a
process group of its own, and a line with its id comes first.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any

import execnet.gateway_base
import execnet.gateway_io
import pytest
import pytest_html.plugin
import rich.table
import scipy.special
import syrupy
import xdist.plugin

import pytest_hiddenlayer.api
import pytest_hiddenlayer.cli
import pytest_hiddenlayer.engine.runtime
import pytest_hiddenlayer.plugin.reporting.html
import pytest_hiddenlayer.plugin.syrupy_extension
import pytest_hiddenlayer.report.html
import pytest_hiddenlayer.taskfile.load

IMPORTED = (pytest_html.plugin, rich.table, scipy.special, syrupy, xdist.plugin, pytest_hiddenlayer)


def run_pytest(args: list[str]) -> int:
    """The exit status of `pytest ARGS`."""
    sys.argv[:] = ["pytest", *args]
    if "-n" in args and args[args.index("-n") + 1] != "0":
        fork_workers()
    return int(pytest.main(args))


def run_command(args: list[str]) -> Any:
    """The exit status of `hiddenlayer ARGS`."""
    sys.argv[:] = ["hiddenlayer", *args]
    try:
        return pytest_hiddenlayer.cli.main(args)
    except SystemExit as stop:
        return stop.code


def run_script(args: list[str]) -> Any:
    """The exit status of `python -c ARGS`."""
    sys.argv[:] = ["-c", *args[1:]]
    try:
        exec(compile(args[0], "script.py", "exec"), {"__name__": "__main__"})
    except SystemExit as stop:
        return stop.code
    return 0


FRONT_ENDS = {"pytest": run_pytest, "command": run_command, "script": run_script}


class Worker:
    """The part of subprocess.Popen that execnet uses, for a forked worker."""

    def __init__(self, spawner: socket.socket) -> None:
        stdin, self._stdin = os.pipe()
        self._stdout, stdout = os.pipe()
        self._end, open_while_alive = os.pipe()
        socket.send_fds(spawner, [b"w"], [stdin, stdout, open_while_alive])
        spawner.sendall(json.dumps([os.getcwd(), dict(os.environ)]).encode() + b"\n")
        self.pid = int(read_line(spawner))
        for end in (stdin, stdout, open_while_alive):
            os.close(end)
        self.stdin, self.stdout = os.fdopen(self._stdin, "wb"), os.fdopen(self._stdout, "rb")

    def wait(self) -> int:
        """Returns once the worker has ended."""
        os.read(self._end, 1)
        return 0

    def kill(self) -> None:
        """End the worker; it is not reaped before its parent ends, so its id is still its own."""
        os.kill(self.pid, signal.SIGKILL)


def fork_workers() -> None:
    """Let execnet fork workers from a copy of this process, which has no thread yet, instead of starting Python."""
    ours, theirs = socket.socketpair()
    if not os.fork():
        ours.close()
        spawn_workers(theirs)
        os._exit(0)
    theirs.close()

    def start(self: Any, args: list[str], execmodel: Any) -> None:
        self.popen = worker = Worker(ours)
        execnet.gateway_base.Popen2IO.__init__(self, worker.stdin, worker.stdout, execmodel=execmodel)

    execnet.gateway_io.Popen2IOMaster.__init__ = start  # type: ignore[method-assign]


def spawn_workers(requests: socket.socket) -> None:
    """Fork a worker per request, until the run has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        message, ends, _, _ = socket.recv_fds(requests, 1, 3)
        if not message:
            return
        folder, environment = json.loads(read_line(requests))
        worker = os.fork()
        if not worker:
            requests.close()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            work(*ends[:2])
        for end in ends:
            os.close(end)
        requests.sendall(b"%d\n" % worker)


def work(stdin: int, stdout: int) -> None:
    """Do what `python -c` of execnet does, with these as stdin and stdout."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.close(stdin)
    os.close(stdout)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.argv[:] = ["-c"]
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
    os._exit(0)


def read_line(connection: socket.socket) -> bytes:
    """The next line, without what ends it; one byte is read after the other, so that none of the next is lost."""
    line = b""
    while (byte := connection.recv(1)) not in (b"\n", b""):
        line += byte
    return line


def main() -> None:
    """Answer each line of stdin with an exit status."""
    for line in sys.stdin:
        front_end, args, folder, out, err, *own_group = json.loads(line)
        child = os.fork()
        if child and own_group:
            os.setpgid(child, child)
            print(child, flush=True)
        if not child:
            if own_group:
                os.setpgid(0, 0)
            os.chdir(folder)
            for name, number in ((os.devnull, 0), (out, 1), (err, 2)):
                os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644), number)
            sys.path.insert(0, folder)
            status = FRONT_ENDS[front_end](args)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
