"""`.ci/servers`: it never fails a build, prints what it did, and leaves its reason for the tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "servers"
TOOLS = ("dirname", "mkdir", "mktemp", "rm", "touch", "grep", "awk", "sed", "tail")


def _program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def _install(folder: Path, programs: Path) -> str:
    """Return the output of the script on a system with coreutils and the programs of one folder."""
    programs.mkdir(exist_ok=True)
    for tool in TOOLS:
        if not (programs / tool).exists():
            (programs / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin") or "/nowhere")
    process = subprocess.run(
        ["/bin/bash", SCRIPT],
        env={"PATH": str(programs), "HIDDENLAYER_SERVERS": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr == ""
    return process.stdout


def test_without_apt_it_leaves_the_reason(tmp_path: Path) -> None:
    """On a system without apt it exits 0, prints the reason and writes it for the tests."""
    printed = _install(tmp_path / "servers", tmp_path / "programs")
    reason = (tmp_path / "servers" / "llama-server.missing").read_text(encoding="utf-8")
    assert printed == f"llama-server is not installed: {reason}"
    assert reason == "this system has no apt; put a llama-server of llama.cpp on PATH\n"


def test_a_server_on_path_is_kept(tmp_path: Path) -> None:
    """If llama-server is on PATH, nothing is installed."""
    _program(tmp_path / "programs" / "llama-server", "exit 0")
    printed = _install(tmp_path / "servers", tmp_path / "programs")
    assert printed == f"llama-server is on PATH already: {tmp_path / 'programs' / 'llama-server'}\n"
    assert not (tmp_path / "servers").exists()


def test_an_installed_server_is_kept(tmp_path: Path) -> None:
    """A second run finds the server that the first run installed."""
    _program(tmp_path / "servers" / "bin" / "llama-server", "exit 0")
    printed = _install(tmp_path / "servers", tmp_path / "programs")
    assert printed == f"llama-server is installed already: {tmp_path / 'servers' / 'bin' / 'llama-server'}\n"


def test_without_a_mirror_it_leaves_only_the_reason(tmp_path: Path) -> None:
    """If no mirror has the package, it exits 0 with the reason and removes its other files."""
    _program(tmp_path / "programs" / "apt-get", "exit 0")
    _program(tmp_path / "programs" / "dpkg", "echo amd64")
    _program(
        tmp_path / "programs" / "grep", f'[ "$1" = -qw ] || exec {shutil.which("grep")} "$@"'
    )  # the CPU has AVX2
    printed = _install(tmp_path / "servers", tmp_path / "programs")
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    reason = "it names no mirror" if keyring.exists() else "cannot be trusted"
    assert reason in printed
    assert [path.name for path in (tmp_path / "servers").iterdir()] == ["llama-server.missing"]
