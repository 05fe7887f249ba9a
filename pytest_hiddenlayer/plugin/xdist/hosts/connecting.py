"""Opens the hosts of a run, has them checked, and sends them the project's files. Hosts are opened at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from ....errors import UsageError
from ....hosts.check import check_host
from ....hosts.needs import FilesNeed, HostNeeds
from ....hosts.project_files import ProjectFile
from ....hosts.specs import HostSpec
from . import greeting
from .agent import lock_writes
from .host import Host
from .specs import agent_spec, folder_of, name_of

OPEN_S = 60.0
"""Seconds within which a host has to answer."""
SEND_S = 600.0
"""Seconds within which a host has to take the files."""
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What is sent to every host."""

    group: Any  # of execnet
    settings: Mapping[str, Any]
    files: Callable[[], Sequence[ProjectFile]]  # listed once, if a host needs them
    notify: Callable[[str], None]
    needs: HostNeeds = field(default_factory=HostNeeds)  # what each host must have


def open_hosts(specs: Mapping[tuple[str, ...], Any], opening: Opening) -> dict[tuple[str, ...], Host]:
    """The hosts by key, ready to start workers. Raises UsageError with one sentence per host that is not."""
    files = opening.files() if any(folder_of(spec) is None for spec in specs.values()) else ()
    openings = {
        key: _in_thread(_open, spec, f"host{number}", files, opening)
        for number, (key, spec) in enumerate(specs.items())
    }
    hosts, faults = {}, []
    for key, future in openings.items():
        try:
            hosts[key] = future.result(timeout=OPEN_S + SEND_S)
        except UsageError as error:
            faults.append(str(error))
        except TimeoutError:
            faults.append(f"host {name_of(specs[key])}: it did not take the project's files within {SEND_S:.0f} s")
    if faults:
        raise UsageError("\n".join(faults))
    return hosts


def _open(spec: Any, identifier: str, files: Sequence[ProjectFile], opening: Opening) -> Host:
    name, folder = name_of(spec), folder_of(spec)
    gateway = _connected(spec, identifier, opening.group)
    lock_writes(gateway)
    needs = opening.needs
    if folder is None:
        needs = replace(needs, files=FilesNeed(hashes={}, total_bytes=sum(file.size for file in files)))
    _check(gateway, spec, needs, opening.notify)
    channel = gateway.remote_exec(greeting)
    _await_start(channel, spec)
    channel.send({**opening.settings, "folder": folder})
    host = Host(name=name, gateway=gateway, channel=channel, notify=opening.notify, sent=folder is None)
    channel.setcallback(host.receive, endmarker=None)
    if folder is None:
        _send(files, channel)
    channel.send(("begin",))
    if not host.ready.wait(SEND_S) or host.fault:
        raise UsageError(f"host {name}: {host.fault or 'it does not answer any more'}")
    return host


def _check(gateway: Any, spec: Any, needs: HostNeeds, notify: Callable[[str], None]) -> None:
    """Raise UsageError with one sentence per thing that the host lacks.

    The agent says whether the folder of `chdir=` exists.
    """
    name = name_of(spec)
    without_folder = "//".join(key for key in str(spec).split("//") if not key.startswith("chdir="))
    report = check_host(gateway, needs, HostSpec(text=without_folder))
    faults = report.texts("fault")
    if report.facts is None:
        why, _, _ = "; ".join(faults).partition(";")
        python = f"its Python {_python(spec)} does not start or does not answer"
        raise UsageError(f"host {name}: {python} ({why}); {_try(spec)}")
    if faults:
        raise UsageError("\n".join(f"host {name}: {fault}" for fault in faults))
    for text in report.texts("note"):
        notify(f"host {name}: {text}")


def _await_start(channel: Any, spec: Any) -> None:
    """Wait until the host has imported this package. Raises UsageError."""
    try:
        error = channel.receive(timeout=OPEN_S)
    except Exception as failure:  # of execnet: the remote one, a time-out, the end of the connection
        error = last_line(failure)
    if error:
        raise UsageError(
            f"host {name_of(spec)}: it must import pytest_hiddenlayer, and its Python {_python(spec)} cannot "
            f"({error}): install it again there, or name another Python with //python=PATH"
        )


def _connected(spec: Any, identifier: str, group: Any) -> Any:
    """The gateway. Raises UsageError."""
    future = _in_thread(group.makegateway, agent_spec(spec, identifier))
    name = name_of(spec)
    try:
        return future.result(timeout=OPEN_S)
    except TimeoutError:
        raise UsageError(f"host {name}: it did not answer within {OPEN_S:.0f} s; {_try(spec)}") from None
    except FileNotFoundError as error:
        raise UsageError(f"host {name}: {error.filename} is not installed here or not found: install it") from error
    except Exception as error:  # execnet raises many kinds, AssertionError among them
        raise UsageError(f"host {name}: {_reason(error)}; {_try(spec)}") from error


def _reason(error: BaseException) -> str:
    kind = type(error).__name__
    if kind == "HostNotFound":
        return "ssh cannot connect (above it says why)"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached ({error.strerror})"
    return (
        "its Python does not start (above it says why)"
        if kind in ("AssertionError", "EOFError")
        else last_line(error)
    )


def _python(spec: Any) -> str:
    return str(spec.python or "python")


def _try(spec: Any) -> str:
    """What to do by hand to see the same."""
    if spec.ssh:
        config = f"-F {spec.ssh_config} " if spec.ssh_config else ""
        return f"try: ssh {config}{spec.ssh} {_python(spec)} --version"
    if spec.socket:
        return f"start execnet's socket server there (python -m execnet.script.socketserver {spec.socket})"
    return f"check --tx {spec}"


def last_line(error: object) -> str:
    """The last line of an error's message, which says what is wrong if it ends a traceback."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def _send(files: Sequence[ProjectFile], channel: Any) -> None:
    """Send files, then links, which may lead to them."""
    for file in files:
        if file.link is None:
            _send_file(file, channel)
    for file in files:
        if file.link is not None:
            channel.send(("link", file.path, file.link))


def _send_file(file: ProjectFile, channel: Any) -> None:
    begins = True
    with file.source.open("rb") as source:
        while (data := source.read(CHUNK_BYTES)) or begins:
            channel.send(("file", file.path, file.executable, data, begins))
            begins = False


def _in_thread(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """The future result of a function in a thread that does not keep the process alive."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
