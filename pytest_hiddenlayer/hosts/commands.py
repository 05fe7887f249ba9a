"""Commands that a person types to set up a host."""

from __future__ import annotations

import shlex

from .specs import HostSpec


def login_command(spec: HostSpec) -> str:
    """Returns the command that logs in as execnet does."""
    parsed = spec.parsed()
    if not parsed.ssh:
        return f"pytest --tx {shlex.quote(spec.text)}"
    config = ["-F", str(parsed.ssh_config)] if parsed.ssh_config else []
    return shlex.join(["ssh", *config, *str(parsed.ssh).split(), "true"])


def install_command(spec: HostSpec, packages: list[tuple[str, str]]) -> str:
    """Returns the command for this machine's terminal that installs these versions on the host."""
    extras = {"pytest-hiddenlayer": "pytest-hiddenlayer[xdist]"}
    pip = ["-m", "pip", "install", *(f"{extras.get(name, name)}=={version}" for name, version in packages)]
    return host_command(spec, pip)


def host_command(spec: HostSpec, arguments: list[str]) -> str:
    """Returns the command for this machine's terminal that runs the host's Python with these arguments."""
    parsed = spec.parsed()
    command = f"{parsed.python or 'python'} {shlex.join(arguments)}"
    if not parsed.ssh:
        return f"`{command}`"
    config = ["-F", str(parsed.ssh_config)] if parsed.ssh_config else []
    login = shlex.join(["ssh", *config, *str(parsed.ssh).split()])
    return f"`{login} {_quoted(command)}`"


def _quoted(command: str) -> str:
    """The command as one word of a shell, in double quotes if that is easier to read."""
    return shlex.quote(command) if any(c in command for c in '"$`\\!') else f'"{command}"'
