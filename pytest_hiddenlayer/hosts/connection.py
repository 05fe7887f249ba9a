"""A gateway of execnet to one host, opened within a time limit; what a host prints never reaches the terminal."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import HiddenLayerError
from .commands import login_command
from .explanations import explain, no_program, noise
from .specs import HostSpec

if TYPE_CHECKING:
    from execnet import Gateway, Group, XSpec

T = TypeVar("T")
CONNECT_S = 30.0  # until Python runs on the host
CLOSE_S = 2.0  # for the host to end its Python; then the connection is cut
ENDING_S = 0.2  # after a pipe was closed, until the process ends and what it printed is read
KEPT = 8192  # bytes of what a host prints as errors
BATCH = "-o BatchMode=yes "  # a prompt for a password would wait for ever


class HostError(HiddenLayerError):
    """A host that cannot be used; the message says what was found and what to do."""


class OpenedSockets:
    """Stands in for the module `socket` in execnet: keeps each socket, which execnet leaves open after an error."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def socket(self, *arguments: Any) -> socket.socket:
        """Returns a new socket."""
        self._sockets.append(socket.socket(*arguments))
        return self._sockets[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def close(self) -> None:
        """Close every socket."""
        for opened in self._sockets:
            opened.close()


class StartedPrograms:
    """Stands in for the module `subprocess` in execnet: keeps each process, and what it prints as errors."""

    PIPE = subprocess.PIPE

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.sockets = OpenedSockets()
        self._printed = b""
        self._readers: list[threading.Thread] = []

    def Popen(self, args: list[str], **settings: Any) -> subprocess.Popen[bytes]:  # noqa: N802
        """Returns a started process; its errors are read here."""
        process = subprocess.Popen(args, stderr=subprocess.PIPE, **settings)
        self.processes.append(process)
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._readers.append(reader)
        reader.start()
        return process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with suppress(OSError, ValueError), process.stderr as stream:
            while block := stream.read1(KEPT):  # type: ignore[attr-defined]
                self._printed = (self._printed + block)[-KEPT:]

    def printed(self) -> str:
        """Returns what the processes printed as errors: the end of it. Waits shortly for what is on its way."""
        for reader in self._readers:
            reader.join(ENDING_S)
        return self._printed.decode("utf-8", "replace")

    def kill(self) -> None:
        """End every process, and close every socket."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.sockets.close()


@contextmanager
def open_gateway(spec: HostSpec, timeout_s: float = CONNECT_S) -> Iterator[Gateway]:
    """The gateway to a host. Raises HostError, if it does not answer within `timeout_s` seconds too.

    `chdir=` is not applied: execnet would create the folder.
    """
    import execnet

    programs = StartedPrograms()
    group = execnet.Group(execmodel=_capturing(programs))  # type: ignore[arg-type]
    try:
        yield _opened(group, spec, programs, timeout_s)
    finally:
        with suppress(Exception):  # whatever a broken connection raises; a cut one blocks
            within(2 * CLOSE_S, lambda: group.terminate(timeout=CLOSE_S))
        programs.kill()


def _capturing(programs: StartedPrograms) -> object:
    from execnet.gateway_base import ThreadExecModel

    class Capturing(ThreadExecModel):
        @property
        def subprocess(self) -> StartedPrograms:
            return programs

        @property
        def socket(self) -> OpenedSockets:
            return programs.sockets

    return Capturing()


def _opened(group: Group, spec: HostSpec, programs: StartedPrograms, timeout_s: float) -> Gateway:
    try:
        gateway = within(timeout_s, lambda: _make(group, spec))
    except TimeoutError:
        programs.kill()
        raise HostError(
            f"it does not answer within {timeout_s:.0f} s; is it switched on, and does `{login_command(spec)}` work?"
        ) from None
    except FileNotFoundError as error:
        raise HostError(no_program(spec, str(error.filename))) from None
    except AssertionError:  # of execnet, about the first byte that Python sends
        raise HostError(noise(spec)) from None
    except Exception as error:  # execnet and the system raise errors of many types
        raise HostError(explain(spec, _status(programs), programs.printed(), str(error))) from None
    status = _status(programs)
    if status is not None:
        raise HostError(explain(spec, status, programs.printed(), ""))
    return gateway


def _make(group: Group, spec: HostSpec) -> Gateway:
    """The gateway; execnet first gets the proxies that it goes through."""
    proxies = [_without_prompts(text) for text in spec.proxies]
    own = _without_prompts(spec.text)
    needed, waiting = [], own
    while waiting.via:
        waiting = next(proxy for proxy in proxies if proxy.id == waiting.via)
        needed.append(waiting)
    for proxy in reversed(needed):
        group.makegateway(proxy)
    return group.makegateway(own)


def _without_prompts(text: str) -> XSpec:
    import execnet

    spec = execnet.XSpec(text)
    spec.chdir = None
    if spec.ssh:
        spec.ssh = BATCH + spec.ssh
    return spec


def _status(programs: StartedPrograms) -> int | None:
    """The exit status of the last process that has ended; None: all run."""
    for process in reversed(programs.processes):
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=ENDING_S)
    return None


def within(timeout_s: float, function: Callable[[], T]) -> T:
    """Returns what `function` returns, called on another thread. Raises what it raises, and TimeoutError."""
    results: list[T] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(timeout_s)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
