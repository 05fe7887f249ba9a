"""Hosts on this computer: each is a real sshd on a loopback port, run by this user, with a home of its own.

Nothing of the system is used or changed: no system configuration, no PAM, no key or known host of this user.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SSHD_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
USER = pwd.getpwuid(os.getuid()).pw_name
STARTS_WITHIN_S = 30

SERVER = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {keys}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitUserRC no
PrintMotd no
Banner {banner}
ForceCommand {folder}/session
"""
CLIENT = """\
Host {name}
  HostName 127.0.0.1
  HostKeyAlias {name}
  Port {port}
  User {user}
  IdentityFile {key}
  IdentitiesOnly yes
  BatchMode yes
  ConnectTimeout 20
  StrictHostKeyChecking yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile {folder}/known_hosts
  LogLevel ERROR

"""


class SshHost:
    """A running host. Its processes see its own HOME, TMPDIR and environment, and the files of this computer."""

    def __init__(self, name: str, folder: Path, config: Path, port: int, sshd: subprocess.Popen[bytes]) -> None:
        self.name, self.folder, self.config, self.port = name, folder, config, port
        self.home = folder / "home"
        self._sshd = sshd

    def spec(self, *keys: str, python: str = sys.executable) -> str:
        """Returns what `--tx` takes: `ssh=NAME//ssh_config=FILE//python=PATH`, and further keys like `chdir=PATH`."""
        return "//".join([f"ssh={self.name}", f"ssh_config={self.config}", f"python={python}", *keys])

    def processes(self) -> list[int]:
        """Returns the ids of all its processes: sshd, its sessions, and what they started."""
        return descendants(self._sshd.pid)

    def workers(self) -> list[int]:
        """Returns the ids of what its sessions run: shells, Python and what it started; no sshd."""
        names = _columns("pid=", "comm=")
        of_sshd = {int(pid) for pid, *command in names if Path(" ".join(command)).name.startswith("sshd")}
        return [pid for pid in self.processes() if pid not in of_sshd]

    def kill_workers(self) -> None:
        """End every Python process of the host at once; the host stays reachable."""
        _signal(self.workers(), signal.SIGKILL)

    def cut(self) -> None:
        """Nothing goes in or out any more and no connection ends, as if a cable were pulled; its Python goes on."""
        workers = set(self.workers())
        _signal([pid for pid in self.processes() if pid not in workers], signal.SIGSTOP)

    def freeze(self) -> None:
        """Every process of the host stops, as if it slept; no connection ends."""
        _signal(self.processes(), signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `cut` and `freeze`."""
        _signal(self.processes(), signal.SIGCONT)

    def kill(self) -> None:
        """End every process of the host at once, as if its power failed; it can no longer be reached."""
        _signal(self.processes(), signal.SIGKILL)
        self._sshd.wait()


@contextmanager
def ssh_hosts(
    folder: Path,
    *names: str,
    environment: Mapping[str, str] | None = None,
    banner: str = "",
) -> Iterator[list[SshHost]]:
    """Hosts with these names, which one ssh_config knows; skips the test if they cannot be started.

    `environment` is set for all their processes. By default PYTHONPATH is this checkout, so that a host runs the
    same code as the test.
    """
    programs = sshd_programs()
    folder.mkdir(parents=True, exist_ok=True)
    key, config = folder / "client_key", folder / "ssh_config"
    _make_key(key)
    with ExitStack() as started:
        hosts = []
        for name in names:
            own = folder / name
            _prepare(own, {"PYTHONPATH": str(ROOT), **(environment or {})}, banner)
            sshd, port = _start(programs, own, key.with_suffix(".pub"))
            host = SshHost(name, own, config, port, sshd)
            started.callback(host.kill)
            public = (own / "host_key.pub").read_text(encoding="utf-8")
            (own / "known_hosts").write_text(f"{name} {public}", encoding="utf-8")
            with config.open("a", encoding="utf-8") as file:
                file.write(CLIENT.format(name=name, port=port, user=USER, key=key, folder=own))
            hosts.append(host)
        _check_login(hosts)
        yield hosts


def sshd_programs() -> str:
    """Returns the path of sshd; skips the test if sshd, ssh or ssh-keygen is missing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *SSHD_FOLDERS])
    for program in ("ssh", "ssh-keygen"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed: install OpenSSH's client (Debian: openssh-client)")
    sshd = shutil.which("sshd", path=path)
    if not sshd:
        pytest.skip("sshd is not installed: install OpenSSH's server (Debian: openssh-server); no service is needed")
    if os.getuid() == 0:
        with suppress(OSError):
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root insists on it
    return sshd


def descendants(pid: int) -> list[int]:
    """Returns the process and all that come from it, parents first."""
    children: dict[int, list[int]] = {}
    for child, parent in _columns("pid=", "ppid="):
        children.setdefault(int(parent), []).append(int(child))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def _columns(*names: str) -> list[list[str]]:
    command = ["ps", "-A", *(word for name in names for word in ("-o", name))]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split() for line in printed.splitlines()]


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _make_key(path: Path) -> None:
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


def _prepare(folder: Path, environment: Mapping[str, str], banner: str) -> None:
    """The host's key, its home, and the program that every session runs: it sets the host's environment."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True)
    _make_key(folder / "host_key")
    (folder / "banner").write_text(banner, encoding="utf-8")
    own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), **environment}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in own.items()]
    script = ["#!/bin/sh", *lines, 'cd "$HOME"', 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"', ""]
    (folder / "session").write_text("\n".join(script), encoding="utf-8")
    (folder / "session").chmod(0o755)


def _start(sshd: str, folder: Path, keys: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The server and its port; another port is tried if somebody took it in between."""
    banner = str(folder / "banner") if (folder / "banner").stat().st_size else "none"
    for _ in range(5):
        port = _free_port()
        config = folder / "sshd_config"
        config.write_text(SERVER.format(port=port, folder=folder, keys=keys, banner=banner), encoding="utf-8")
        with (folder / "sshd.log").open("wb") as log:
            process = subprocess.Popen([sshd, "-D", "-e", "-f", str(config)], stderr=log)
        if _listens(process, port):
            return process, port
    text = (folder / "sshd.log").read_text(encoding="utf-8", errors="replace")
    pytest.skip(f"sshd does not start here: {text.strip() or 'it says nothing'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it greets as sshd does; False once the process has ended."""
    end = time.monotonic() + STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=STARTS_WITHIN_S) as connection:
            if connection.recv(4) == b"SSH-":
                return True
        time.sleep(0.02)
    process.kill()
    process.wait()
    return False


def _check_login(hosts: Sequence[SshHost]) -> None:
    """Skip if sshd refuses this user here, such as a locked account."""
    for host in hosts[:1]:
        command = ["ssh", "-F", str(host.config), host.name, "true"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
        if done.returncode:
            log = (host.folder / "sshd.log").read_text(encoding="utf-8", errors="replace")
            pytest.skip(f"sshd refuses this user here: {done.stderr.strip()}; it logged: {log.strip()}")
