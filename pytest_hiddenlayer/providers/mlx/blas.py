"""A fast BLAS under mlx on Linux, where its wheel carries the slow reference one.

`libmlx.so` takes `cblas_sgemm` from wherever the dynamic linker finds it first, so a library
that is loaded with global symbols before `import mlx.core` serves it. Two are tried: the OpenBLAS
in scipy's wheel, whose names carry a prefix that a small compiled library takes away, and
a system's `libopenblas.so.0`, whose names are plain. Where neither works mlx keeps its own.

HIDDENLAYER_BLAS=off leaves mlx alone, HIDDENLAYER_BLAS=PATH takes the library at PATH.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

SETTING = "HIDDENLAYER_BLAS"
SOURCE = Path(__file__).with_name("blas.c")
SYSTEM = "libopenblas.so.0"
COMPILE_S = 30.0


class _NotUsableError(Exception):
    """This way leads to no fast BLAS; its text says why."""


@cache
def fast_blas() -> str:
    """What multiplies matrices for mlx in this process, and why nothing faster does; decided at the first call.

    Call it before the first `import mlx.core`. It never raises: where nothing works, mlx keeps its own.
    """
    if sys.platform != "linux":
        return "mlx's own, which is fast here"
    setting = os.environ.get(SETTING, "")
    if setting == "off":
        return f"mlx's own, slow: {SETTING}=off"
    if "mlx.core" in sys.modules:
        return "mlx's own, slow: mlx.core was imported before hiddenlayer could change it"
    ways: list[Callable[[], str]] = [partial(_plain, setting)] if setting else [_bundled, partial(_plain, SYSTEM)]
    refused = []
    for way in ways:
        try:
            return way()
        except (
            _NotUsableError,
            OSError,
            RuntimeError,
            subprocess.SubprocessError,
        ) as error:  # RuntimeError: no home folder
            refused.append(" ".join(str(error).split()))
    return f"mlx's own, slow: {'; '.join(refused)}"


def _bundled() -> str:
    openblas = _scipys()
    library = ctypes.CDLL(str(openblas))  # the next one finds it by its soname
    _serve(_compiled(openblas))
    _one_thread(library, "scipy_openblas_set_num_threads")
    return f"{openblas.name} of scipy's wheel"


def _plain(name: str) -> str:
    _serve(name)
    _one_thread(ctypes.CDLL(name), "openblas_set_num_threads")
    return name


def _serve(name: str | Path) -> None:
    """Load a library for all that come after it, once it has shown that it can multiply."""
    try:
        library = ctypes.CDLL(str(name))
    except OSError as error:
        raise _NotUsableError(f"{name} cannot be loaded ({error})") from error
    if not _multiplies(library):
        raise _NotUsableError(f"{name} has no cblas_sgemm that multiplies two matrices rightly")
    ctypes.CDLL(str(name), mode=ctypes.RTLD_GLOBAL)


def _multiplies(library: ctypes.CDLL) -> bool:
    row_major, as_it_is, number = 101, 111, ctypes.c_float
    gemm = getattr(library, "cblas_sgemm", None)
    if gemm is None:
        return False
    a, b, c = (number * 4)(1, 2, 3, 4), (number * 4)(5, 6, 7, 8), (number * 4)()
    gemm(row_major, as_it_is, as_it_is, 2, 2, 2, number(1), a, 2, b, 2, number(0), c, 2)
    return list(c) == [19, 22, 43, 50]


def _one_thread(library: ctypes.CDLL, setter: str) -> None:
    """Small products gain nothing from threads, which spin and take the cores of others."""
    if "OPENBLAS_NUM_THREADS" not in os.environ and hasattr(library, setter):
        getattr(library, setter)(1)


def _scipys() -> Path:
    spec = importlib.util.find_spec("scipy")
    for place in (spec and spec.submodule_search_locations) or ():
        for found in sorted(Path(place).with_name("scipy.libs").glob("libscipy_openblas-*.so")):
            return found
    raise _NotUsableError("scipy is not installed from a wheel that carries OpenBLAS")


def _compiled(openblas: Path) -> Path:
    """The library that takes the prefix away: from the user's cache, or compiled now into it."""
    key = hashlib.sha256(SOURCE.read_bytes() + openblas.name.encode()).hexdigest()[:16]
    made = _cache_folder() / f"blas-{platform.machine()}-{key}.so"
    if made.is_file():
        return made
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise _NotUsableError(
            "the OpenBLAS of scipy's wheel needs a C compiler once, and cc, gcc and clang are not there"
        )
    made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        new = Path(folder) / made.name
        command = [compiler, "-O2", "-shared", "-fPIC", str(SOURCE), str(openblas), "-o", str(new)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S)
        if done.returncode:
            raise _NotUsableError(f"{compiler} could not compile {SOURCE.name}: {done.stderr[:200]}")
        new.replace(made)
    return made


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hiddenlayer"
