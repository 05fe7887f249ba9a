"""A fast BLAS for mlx on Linux, whose wheel contains the slow reference BLAS.

`libmlx.so` uses the first `cblas_sgemm` that the dynamic linker finds, so a library loaded with global
symbols before `import mlx.core` replaces it. Two libraries are tried: the OpenBLAS in scipy's wheel,
whose symbols have a prefix that a small compiled library removes, and the system's `libopenblas.so.0`,
whose symbols are plain. If neither works, mlx keeps its own BLAS.

HIDDENLAYER_BLAS=off changes nothing, HIDDENLAYER_BLAS=PATH uses the library at PATH.
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

from ...errors import UsageError
from ...io.user_cache import is_private, private_folder

SETTING = "HIDDENLAYER_BLAS"
SOURCE = Path(__file__).with_name("blas.c")
SYSTEM = "libopenblas.so.0"
COMPILE_S = 30.0


class _NotUsableError(Exception):
    """This library cannot be used; the message says why."""


@cache
def fast_blas() -> str:
    """Install a fast BLAS and return a description of the BLAS in use, with the reason if it is slow.

    The first call decides; it must precede the first `import mlx.core`. Never raises: without a usable
    library, mlx keeps its own BLAS.
    """
    if sys.platform != "linux":
        return "mlx's own, which is fast here"
    setting = os.environ.get(SETTING, "")
    if setting == "off":
        return f"mlx's own, slow: {SETTING}=off"
    if "mlx.core" in sys.modules:
        return "mlx's own, slow: mlx.core was imported before hiddenlayer could change it"
    candidates: list[Callable[[], str]] = (
        [partial(_use_library, setting)] if setting else [_use_scipy, partial(_use_library, SYSTEM)]
    )
    reasons = []
    for use in candidates:
        try:
            return use()
        except (
            _NotUsableError,
            OSError,
            RuntimeError,
            subprocess.SubprocessError,
        ) as error:  # RuntimeError: no home folder
            reasons.append(" ".join(str(error).split()))
    return f"mlx's own, slow: {'; '.join(reasons)}"


def _use_scipy() -> str:
    openblas = _scipy_openblas()
    library = ctypes.CDLL(str(openblas))  # the compiled library finds it by its soname
    _load_globally(_compiled_forwarder(openblas))
    _limit_to_one_thread(library, "scipy_openblas_set_num_threads")
    return f"{openblas.name} of scipy's wheel"


def _use_library(name: str) -> str:
    _load_globally(name)
    _limit_to_one_thread(ctypes.CDLL(name), "openblas_set_num_threads")
    return name


def _load_globally(name: str | Path) -> None:
    """Load a library with global symbols if it multiplies correctly. Raises _NotUsableError."""
    try:
        library = ctypes.CDLL(str(name))
    except OSError as error:
        raise _NotUsableError(f"{name} cannot be loaded ({error})") from error
    if not _multiplies_correctly(library):
        raise _NotUsableError(f"{name} has no cblas_sgemm that multiplies two matrices correctly")
    ctypes.CDLL(str(name), mode=ctypes.RTLD_GLOBAL)


def _multiplies_correctly(library: ctypes.CDLL) -> bool:
    row_major, no_transpose, number = 101, 111, ctypes.c_float
    gemm = getattr(library, "cblas_sgemm", None)
    if gemm is None:
        return False
    a, b, c = (number * 4)(1, 2, 3, 4), (number * 4)(5, 6, 7, 8), (number * 4)()
    gemm(row_major, no_transpose, no_transpose, 2, 2, 2, number(1), a, 2, b, 2, number(0), c, 2)
    return list(c) == [19, 22, 43, 50]


def _limit_to_one_thread(library: ctypes.CDLL, setter: str) -> None:
    """Turn threads off: they do not speed up small products, and their busy waiting occupies other cores."""
    if "OPENBLAS_NUM_THREADS" not in os.environ and hasattr(library, setter):
        getattr(library, setter)(1)


def _scipy_openblas() -> Path:
    spec = importlib.util.find_spec("scipy")
    for folder in (spec and spec.submodule_search_locations) or ():
        for library in sorted(Path(folder).with_name("scipy.libs").glob("libscipy_openblas-*.so")):
            return library
    raise _NotUsableError("scipy is not installed from a wheel with OpenBLAS")


def _compiled_forwarder(openblas: Path) -> Path:
    """Return the library that forwards plain names to prefixed ones; compiled once into the user's cache."""
    key = hashlib.sha256(SOURCE.read_bytes() + openblas.name.encode()).hexdigest()[:16]
    target = _private_cache() / f"blas-{platform.machine()}-{key}.so"
    if is_private(target):
        return target
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise _NotUsableError(
            "the OpenBLAS of scipy's wheel needs a C compiler once, but cc, gcc and clang are missing"
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        new = Path(folder) / target.name
        command = [compiler, "-O2", "-shared", "-fPIC", str(SOURCE), str(openblas), "-o", str(new)]
        process = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_S)
        if process.returncode:
            raise _NotUsableError(f"{compiler} could not compile {SOURCE.name}: {process.stderr[:200]}")
        new.chmod(0o700)
        new.replace(target)
    return target


def _private_cache() -> Path:
    """The user's cache folder. Raises _NotUsableError if it is another user's, who could replace the library."""
    try:
        return private_folder()
    except UsageError as error:
        raise _NotUsableError(str(error)) from error
