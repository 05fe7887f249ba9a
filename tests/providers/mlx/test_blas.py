"""The BLAS of mlx on Linux; every case runs in a new process, because the first call decides."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux needs it: on a Mac mlx has a fast BLAS")
needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="needs cc, a C compiler (Debian: apt-get install gcc)"
)

PRINT_BLAS = "from pytest_hiddenlayer.providers.mlx.blas import fast_blas; print(fast_blas()); "
MULTIPLY = "import mlx.core as mx; print((mx.ones((8, 8)) @ mx.ones((8, 8))).sum().item())"
ANSWER = """
import asyncio
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request
model = MlxProvider()
requests = [
    Request(messages=(Message(role="user", content=q),), params=GenerationConfig(max_tokens=48), seed=0)
    for q in ("What is 412+99? Think step by step.", "Write moon in upper case.", "Is 49 less than 48?")
]
async def complete_all():
    return [completion.text for completion in await asyncio.gather(*map(model.complete, requests))]
print(asyncio.run(complete_all()))
asyncio.run(model.close())
"""
NAIVE = """
int calls = 0;
void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc) {
  calls++;
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) {
      float sum = 0;
      for (int l = 0; l < k; l++)
        sum += (ta == 112 ? a[l * lda + i] : a[i * lda + l]) * (tb == 112 ? b[j * ldb + l] : b[l * ldb + j]);
      c[i * ldc + j] = alpha * sum + (beta == 0 ? 0 : beta * c[i * ldc + j]) + WRONG_BY;
    }
}
"""


def run(code: str, **environment: str) -> list[str]:
    """Return the lines that `code` prints in a new process."""
    plain = {key: value for key, value in os.environ.items() if key != "HIDDENLAYER_BLAS"}
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, capture_output=True, text=True, env=plain | environment, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def library(folder: Path, wrong_by: int = 0) -> str:
    """Compile a CBLAS that counts its calls and return its path."""
    source, compiled = folder / "naive.c", folder / "naive.so"
    source.write_text(NAIVE)
    subprocess.run(["cc", "-shared", "-fPIC", f"-DWRONG_BY={wrong_by}", str(source), "-o", str(compiled)], check=True)
    return str(compiled)


@needs_compiler
def test_mlx_calls_the_library_of_the_setting(tmp_path: Path):
    """mlx multiplies with the library at HIDDENLAYER_BLAS."""
    path = library(tmp_path)
    count = f"; import ctypes; print(ctypes.c_int.in_dll(ctypes.CDLL({path!r}), 'calls').value)"
    name, product, calls = run(PRINT_BLAS + MULTIPLY + count, HIDDENLAYER_BLAS=path)
    assert (name, product) == (path, "512.0")
    assert int(calls) == 2  # one to test the library, one by mlx


@needs_compiler
def test_a_library_with_wrong_results_is_rejected(tmp_path: Path):
    """A library whose test product is wrong is not used; mlx keeps its own BLAS."""
    path = library(tmp_path, wrong_by=1)
    name, product = run(PRINT_BLAS + MULTIPLY, HIDDENLAYER_BLAS=path)
    assert name == f"mlx's own, slow: {path} has no cblas_sgemm that multiplies two matrices correctly"
    assert product == "512.0"


@pytest.mark.parametrize("path", ["/nowhere/libfast.so", __file__, "libm.so.6"])
def test_an_unusable_library_is_named(path: str):
    """A path that does not exist, is not a library or has no BLAS is named in one line; mlx keeps its own BLAS."""
    name, product = run(PRINT_BLAS + MULTIPLY, HIDDENLAYER_BLAS=path)
    assert name.startswith(f"mlx's own, slow: {path} ")
    assert product == "512.0"


def test_off_changes_nothing():
    """HIDDENLAYER_BLAS=off loads nothing."""
    mapped = "; print('openblas' in open('/proc/self/maps').read())"
    assert run(PRINT_BLAS[:-2] + mapped, HIDDENLAYER_BLAS="off") == ["mlx's own, slow: HIDDENLAYER_BLAS=off", "False"]


def test_nothing_changes_after_the_import_of_mlx():
    """If mlx is already imported, the description says so."""
    (_, name) = run(MULTIPLY + "; " + PRINT_BLAS)
    assert name == "mlx's own, slow: mlx.core was imported before hiddenlayer could change it"


def test_the_reason_names_every_library_that_was_tried(tmp_path: Path):
    """Without a compiler and a system library, the description names both."""
    (name,) = run(PRINT_BLAS, PATH="/nowhere", XDG_CACHE_HOME=str(tmp_path), LD_LIBRARY_PATH="")
    if name == "libopenblas.so.0":
        pytest.skip("needs a system without OpenBLAS of its own (Debian: apt-get remove libopenblas0)")
    assert name.startswith("mlx's own, slow: the OpenBLAS of scipy's wheel needs a C compiler once")
    assert "libopenblas.so.0 cannot be loaded" in name


@needs_compiler
def test_the_forwarder_is_compiled_once(tmp_path: Path):
    """A later process finds the compiled library in the cache folder, even without a compiler."""
    (name,) = run(PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path))
    if "wheel" not in name or "slow" in name:
        pytest.skip("needs scipy from a wheel: pip install --force-reinstall --only-binary scipy scipy")
    assert [path.suffix for path in (tmp_path / "hiddenlayer").iterdir()] == [".so"]
    assert run(PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path), PATH="/nowhere") == [name]


@needs_compiler
def test_a_library_that_others_can_write_is_not_loaded(tmp_path: Path):
    """A compiled library whose mode lets others write it is compiled again, and its folder is closed to them."""
    (name,) = run(PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path))
    if "wheel" not in name or "slow" in name:
        pytest.skip("needs scipy from a wheel: pip install --force-reinstall --only-binary scipy scipy")
    folder = tmp_path / "hiddenlayer"
    (library,) = folder.iterdir()
    library.write_bytes(b"not the library that was compiled")
    library.chmod(0o666)
    folder.chmod(0o777)
    assert run(PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path)) == [name]
    assert (library.stat().st_mode & 0o022, folder.stat().st_mode & 0o022) == (0, 0)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to make a folder of another user")
def test_a_library_of_another_user_is_not_loaded(tmp_path: Path):
    """A cache folder of another user is not used; the description says so."""
    (tmp_path / "hiddenlayer").mkdir()
    os.chown(tmp_path / "hiddenlayer", 12345, 12345)
    (tmp_path / "hiddenlayer" / "x").touch()
    (name,) = run(PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path))
    assert "hiddenlayer is not a folder of this user" in name or "slow" not in name


def test_mlx_works_without_a_cache_folder(tmp_path: Path):
    """If the cache folder cannot be created, mlx still multiplies."""
    (tmp_path / "hiddenlayer").write_text("a file where the folder should be")
    assert run(PRINT_BLAS + MULTIPLY, XDG_CACHE_HOME=str(tmp_path))[1] == "512.0"


def test_greedy_texts_do_not_depend_on_the_blas(tmp_path: Path):
    """The bundled model generates the same texts with the fast BLAS and with mlx's own."""
    fast = run(ANSWER + PRINT_BLAS, XDG_CACHE_HOME=str(tmp_path))
    own = run(ANSWER + PRINT_BLAS, HIDDENLAYER_BLAS="off")
    assert fast[0] == own[0]
    assert own[1] != fast[1] or "slow" in fast[1]


def test_the_number_of_threads(tmp_path: Path):
    """There is one thread, unless OPENBLAS_NUM_THREADS sets another number."""
    count = (
        "from pytest_hiddenlayer.providers.mlx.blas import _scipy_openblas; import ctypes; "
        "print(ctypes.CDLL(str(_scipy_openblas())).scipy_openblas_get_num_threads())"
    )
    name, alone = run(PRINT_BLAS + count, XDG_CACHE_HOME=str(tmp_path))
    if "wheel" not in name or "slow" in name:
        pytest.skip("needs scipy from a wheel: pip install --force-reinstall --only-binary scipy scipy")
    assert int(alone) == 1
    wanted = "2" if (os.cpu_count() or 1) > 1 else "1"
    assert run(PRINT_BLAS + count, XDG_CACHE_HOME=str(tmp_path), OPENBLAS_NUM_THREADS=wanted)[1] == wanted
