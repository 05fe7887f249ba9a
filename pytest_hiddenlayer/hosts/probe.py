"""Runs on the host: answers the questions of `check.py` over an execnet channel. It writes nothing.

execnet sends this file as text. So it imports the standard library only, runs on Python 3.8, and does not need
this package on the host. Questions and answers are simple builtins, as execnet requires.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import time
from typing import Any

BLOCK = 65536  # bytes
SAMPLED_BLOCKS = 64  # of a large file; a smaller one is read whole
MAX_LISTED = 20000  # files of a folder
TIMEOUT_S = 5  # of the host's Ollama server


def facts(packages: list[str], chdir: str | None) -> dict[str, Any]:
    """Return what the host is: Python, system, cores, memory, disks, and versions of these packages."""
    if chdir:
        os.chdir(os.path.expanduser(chdir))
    return {
        "python": list(sys.version_info[:3]),
        "executable": sys.executable,
        "system": platform.system(),
        "release": platform.mac_ver()[0] or platform.release(),
        "machine": platform.machine(),
        "cores": cores(),
        "memory_bytes": memory_bytes(),
        "cache": disk(os.path.join(cache_home(), "hiddenlayer")),
        "tmp": disk(os.environ.get("TMPDIR") or "/tmp"),
        "packages": {name: version(name) for name in packages},
        "code": code_hash(),
    }


def cores() -> int | None:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count()


def memory_bytes() -> int | None:
    """Return the size of the memory; None: unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def cache_home() -> str:
    """Return the folder of this user's caches."""
    return os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")


def disk(folder: str) -> dict[str, Any]:
    """Return the folder, the free bytes below it, and whether this user may write there; it may not exist yet."""
    existing = folder
    while not os.path.exists(existing) and os.path.dirname(existing) != existing:
        existing = os.path.dirname(existing)
    try:
        free = shutil.disk_usage(existing).free
    except OSError:
        free = None
    return {"folder": folder, "free_bytes": free, "writable": os.access(existing, os.W_OK)}


def version(name: str) -> str | None:
    """Return the version of an installed package; None: it is not installed. A source folder counts too."""
    if name == "pytest-hiddenlayer":
        return code_version()
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(name)
    except PackageNotFoundError:
        return None


def package_folder() -> str | None:
    """Return the folder of pytest_hiddenlayer that an import would find, without the import; None: there is none."""
    from importlib.util import find_spec

    try:
        spec = find_spec("pytest_hiddenlayer")
    except (ImportError, ValueError, AttributeError):
        return None
    return os.path.dirname(spec.origin) if spec and spec.origin else None


def code_version() -> str | None:
    """Return the version that pytest_hiddenlayer's source states; None: it is not installed."""
    folder = package_folder()
    if folder is None:
        return None
    try:
        with open(os.path.join(folder, "version.py"), encoding="utf-8") as file:
            found = re.search(r'^__version__ = "(.*)"$', file.read(), re.MULTILINE)
    except (OSError, ValueError):
        return None
    return found.group(1) if found else None


def code_hash() -> str | None:
    """Return a hash of pytest_hiddenlayer's Python files, without the starter evals; None: it is not installed."""
    folder = package_folder()
    if folder is None:
        return None
    digest = hashlib.sha256()
    for name in listed(folder):
        if name.endswith(".py") and not name.startswith("starters" + os.sep):
            digest.update((name + " " + str(file_hash(os.path.join(folder, name)))).encode("utf-8", "replace"))
    return digest.hexdigest()[:16]


def listed(folder: str) -> list[str]:
    """Return the files below a folder, relative to it and sorted, at most MAX_LISTED; caches are left out."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith("."))
        found += [os.path.relpath(os.path.join(root, name), folder) for name in names]
        if len(found) > MAX_LISTED:
            break
    return sorted(found)[:MAX_LISTED]


def file_hash(path: str) -> str | None:
    """Return the SHA-256 of a file's content; None: it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def sampled_hash(path: str) -> list[Any] | None:
    """Return the size of a file and a hash of blocks that are spread over it; None: it cannot be read."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha256(str(size).encode())
            step = max(BLOCK, (size - BLOCK) // (SAMPLED_BLOCKS - 1)) if size > BLOCK else BLOCK
            for start in range(0, max(size, 1), step):
                file.seek(start)
                digest.update(file.read(BLOCK))
            file.seek(max(0, size - BLOCK))
            digest.update(file.read(BLOCK))
    except OSError:
        return None
    return [size, digest.hexdigest()]


def model(place: list[str]) -> dict[str, Any] | None:
    """Return {file: [size, sampled hash]} of a local model, or {name: digest} of Ollama's; None: it is not there.

    `place` is ["package" | "cache" | "path", PATH], ["hub", "OWNER/NAME"] or ["ollama"].
    """
    kind = place[0]
    if kind == "ollama":
        return ollama_models()
    if kind == "hub":
        return hub_files(place[1])
    start = {"package": package_folder() or "", "cache": os.path.join(cache_home(), "hiddenlayer"), "path": ""}[kind]
    return model_files(os.path.expanduser(os.path.join(start, place[1])))


def model_files(path: str) -> dict[str, Any] | None:
    """Return {file name: [size, hash]} of what a model computes with; None: there is no such file or folder."""
    if os.path.isfile(path):
        return {os.path.basename(path): sampled_hash(path)}
    if not os.path.isdir(path):
        return None
    return {name: sampled_hash(os.path.join(path, name)) for name in sorted(os.listdir(path)) if counts(name)}


def counts(name: str) -> bool:
    """Return whether a file of a model's folder changes what the model answers."""
    small = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "adapter_config.json")
    return name.endswith((".safetensors", ".npz", ".gguf")) or name in small


def hub_files(name: str) -> dict[str, Any] | None:
    """Return {"revision": REVISION, file: [size, hash]} of a model in the hub's cache; None: it is not there."""
    hub = os.environ.get("HF_HUB_CACHE") or os.path.join(
        os.environ.get("HF_HOME") or os.path.join(cache_home(), "huggingface"), "hub"
    )
    folder = os.path.join(hub, "models--" + name.replace("/", "--"))
    try:
        with open(os.path.join(folder, "refs", "main"), encoding="utf-8") as file:
            revision = file.read().strip()
    except (OSError, ValueError):
        return None
    files = model_files(os.path.join(folder, "snapshots", revision))
    return dict(files, revision=revision) if files else None


def ollama_models() -> dict[str, Any] | None:
    """Return {name: digest} of the Ollama server of this host; None: it does not answer."""
    from urllib.request import ProxyHandler, build_opener

    host = os.environ.get("OLLAMA_HOST", "").strip() or "127.0.0.1"
    url = host if "://" in host else "http://" + host
    url = url.replace("//0.0.0.0", "//127.0.0.1").rstrip("/")
    if not re.search(r":\d+$", url) and "://" not in host:
        url += ":11434"
    try:
        with build_opener(ProxyHandler({})).open(url + "/api/tags", timeout=TIMEOUT_S) as response:
            return {str(m["model"]): str(m.get("digest") or "") for m in json.loads(response.read())["models"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def files(names: list[str], folders: list[str], suffixes: list[str]) -> dict[str, Any]:
    """Return {name: hash} of these files of the project, and further files with a suffix in its folders."""
    known = set(names)
    further = []
    for folder in folders:
        found = (os.path.normpath(os.path.join(folder, name)) for name in listed(folder))
        further += [name for name in found if name.endswith(tuple(suffixes)) and name not in known]
    return {"hashes": {name: file_hash(name) for name in names}, "further": further}


QUESTIONS: dict[str, Any] = {"facts": facts, "model": model, "files": files}


def serve(channel: Any) -> None:
    """Answer questions until None comes; the process is left as it was."""
    folder = os.getcwd()
    try:
        for name, arguments in iter(channel.receive, None):
            answer(channel, name, arguments)
    finally:
        os.chdir(folder)


def answer(channel: Any, name: str, arguments: Any) -> None:
    """Answer with ["ok", value] or ["error", text]; the time, a size and data are sent as they are."""
    if name == "time":
        channel.send(time.time())
    elif name == "size":
        channel.send(len(arguments))
    elif name == "data":
        channel.send(os.urandom(arguments))
    else:
        try:
            channel.send(["ok", QUESTIONS[name](*arguments)])
        except Exception as error:  # the controller shows whatever went wrong here
            channel.send(["error", f"{type(error).__name__}: {error}"])


if __name__ == "__channelexec__":
    serve(channel)  # type: ignore[name-defined]  # noqa: F821
