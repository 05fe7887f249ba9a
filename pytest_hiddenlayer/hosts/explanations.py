"""Why a host cannot be reached, and what to do: from the exit status of ssh or Python and what it printed."""

from __future__ import annotations

import shlex

from ..terminal_escape import one_line
from .commands import login_command
from .specs import HostSpec

SHOWN = 200  # characters of what a host prints


def explain(spec: HostSpec, status: int | None, printed: str, reason: str) -> str:
    """Returns why a host could not be reached, and what to do.

    `status` is the exit status of ssh or Python (None: unknown), `printed` what it printed as errors.
    """
    parsed = spec.parsed()
    line = last_line(printed)
    if status == 127 or (parsed.ssh and status == 126):
        return _no_python(spec, line)
    if parsed.ssh and status == 255:
        return _ssh_fault(spec, printed, line)
    shown = line or shortened(reason) or "the connection ended"
    if parsed.socket:
        return f"nothing answers there ({shown}); start execnet's socket server on the host, or use ssh=HOST"
    if parsed.via:
        return f"it cannot be reached through {parsed.via} ({shown}); check the proxy alone with --tx first"
    if shown.startswith("SyntaxError"):
        return f"its Python is older than 3.8, which execnet needs ({shown}); write //python=PATH with 3.11 or later"
    return f"Python does not start there: {shown}; write //python=PATH with one that has pytest-hiddenlayer"


def _ssh_fault(spec: HostSpec, printed: str, line: str) -> str:
    name = spec.name
    if "IDENTIFICATION HAS CHANGED" in printed:
        return (
            "its host key is not the one that ssh knows, so another machine may answer for it; if it was "
            f"installed again, forget the old key (`ssh-keygen -R {shlex.quote(name)}`) and log in once "
            f"(`{login_command(spec)}`)"
        )
    if "Host key verification failed" in printed:
        return f"ssh does not know its host key; log in once with `{login_command(spec)}` and compare the fingerprint"
    if "Permission denied" in printed:
        return (
            f"ssh refuses the login ({line}); a run types no password: put your public key there with "
            f"`ssh-copy-id {shlex.quote(name)}`, and load a key with a passphrase by `ssh-add`"
        )
    reason = line or "no reason given"
    return f"ssh does not reach it ({reason}); is it switched on, and does `{login_command(spec)}` work?"


def _no_python(spec: HostSpec, line: str) -> str:
    python = spec.parsed().python or "python"
    shown = f" ({line})" if line else ""
    return (
        f"Python {python!r} does not run there{shown}; write //python=PATH with the interpreter in whose environment "
        "pytest-hiddenlayer is installed, such as /home/me/evals/.venv/bin/python"
    )


def no_program(spec: HostSpec, program: str) -> str:
    """Returns what to do if this machine lacks the program that starts Python: ssh, or Python itself."""
    if program == "ssh":
        return "ssh is not installed on this machine; install OpenSSH's client"
    return _no_python(spec, "no such file")


def noise(spec: HostSpec) -> str:
    """Returns what to do if something else than Python answers first."""
    return (
        "its login prints text before Python starts, which execnet takes for the answer; "
        f"`{login_command(spec)}` must print nothing: its shell's start-up files may print in terminals only"
    )


def last_line(text: str) -> str:
    """Returns the last line that is not empty, safe to print and short."""
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return shortened(lines[-1].rstrip(".")) if lines else ""


def shortened(text: str) -> str:
    """Returns the text on one line, safe to print, with at most SHOWN characters."""
    safe = one_line(text)
    return safe if len(safe) <= SHOWN else f"{safe[:SHOWN]}…"
