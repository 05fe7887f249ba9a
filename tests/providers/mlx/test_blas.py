"""Which BLAS multiplies for mlx on Linux; each case in a process of its own, for it is decided once."""

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

SAY = "from pytest_hiddenlayer.providers.mlx.blas import fast_blas; print(fast_blas()); "
MULTIPLY = "import mlx.core as mx; print((mx.ones((8, 8)) @ mx.ones((8, 8))).sum().item())"
ANSWER = """
import asyncio
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request
model = MlxProvider()
asked = [
    Request(messages=(Message(role="user", content=q),), params=GenerationConfig(max_tokens=48), seed=0)
    for q in ("What is 412+99? Think step by step.", "Write moon in upper case.", "Is 49 less than 48?")
]
async def all_of_them():
    return [done.text for done in await asyncio.gather(*map(model.complete, asked))]
print(asyncio.run(all_of_them()))
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


def said(code: str, **environment: str) -> list[str]:
    """The lines that `code` prints in a new process."""
    plain = {key: value for key, value in os.environ.items() if key != "HIDDENLAYER_BLAS"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=plain | environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def library(folder: Path, wrong_by: int = 0) -> str:
    """A compiled CBLAS that counts its calls."""
    source, made = folder / "naive.c", folder / "naive.so"
    source.write_text(NAIVE)
    subprocess.run(["cc", "-shared", "-fPIC", f"-DWRONG_BY={wrong_by}", str(source), "-o", str(made)], check=True)
    return str(made)


@needs_compiler
def test_the_library_of_the_setting_is_what_mlx_calls(tmp_path: Path):
    """mlx multiplies with the library at HIDDENLAYER_BLAS."""
    path = library(tmp_path)
    count = f"; import ctypes; print(ctypes.c_int.in_dll(ctypes.CDLL({path!r}), 'calls').value)"
    name, product, calls = said(SAY + MULTIPLY + count, HIDDENLAYER_BLAS=path)
    assert (name, product) == (path, "512.0")
    assert int(calls) == 2  # one to see that it multiplies, one for mlx


@needs_compiler
def test_a_library_that_multiplies_wrongly_is_refused(tmp_path: Path):
    """A wrong product is seen before mlx could use it; mlx keeps its own."""
    path = library(tmp_path, wrong_by=1)
    name, product = said(SAY + MULTIPLY, HIDDENLAYER_BLAS=path)
    assert name == f"mlx's own, slow: {path} has no cblas_sgemm that multiplies two matrices rightly"
    assert product == "512.0"


@pytest.mark.parametrize("path", ["/nowhere/libfast.so", __file__, "libm.so.6"])
def test_a_library_that_cannot_serve_is_named(path: str):
    """A path that is not there, is no library or has no BLAS is told in one line; mlx keeps its own."""
    name, product = said(SAY + MULTIPLY, HIDDENLAYER_BLAS=path)
    assert name.startswith(f"mlx's own, slow: {path} ")
    assert product == "512.0"


def test_off_leaves_mlx_alone():
    """HIDDENLAYER_BLAS=off loads nothing."""
    mapped = "; print('openblas' in open('/proc/self/maps').read())"
    assert said(SAY[:-2] + mapped, HIDDENLAYER_BLAS="off") == ["mlx's own, slow: HIDDENLAYER_BLAS=off", "False"]


def test_too_late_is_told():
    """Where mlx was imported before, nothing is changed."""
    (_, name) = said(MULTIPLY + "; " + SAY)
    assert name == "mlx's own, slow: mlx.core was imported before hiddenlayer could change it"


def test_without_a_compiler_or_a_system_library_both_are_named(tmp_path: Path):
    """The reason names every way that was tried."""
    (name,) = said(SAY, PATH="/nowhere", XDG_CACHE_HOME=str(tmp_path), LD_LIBRARY_PATH="")
    if name == "libopenblas.so.0":
        pytest.skip("needs a system without OpenBLAS of its own (Debian: apt-get remove libopenblas0)")
    assert name.startswith("mlx's own, slow: the OpenBLAS of scipy's wheel needs a C compiler once")
    assert "libopenblas.so.0 cannot be loaded" in name


@needs_compiler
def test_compiled_once(tmp_path: Path):
    """What was compiled is found in the cache folder, by a process that has no compiler too."""
    (name,) = said(SAY, XDG_CACHE_HOME=str(tmp_path))
    if "wheel" not in name or "slow" in name:
        pytest.skip("needs scipy from a wheel: pip install --force-reinstall --only-binary scipy scipy")
    assert [path.suffix for path in (tmp_path / "hiddenlayer").iterdir()] == [".so"]
    assert said(SAY, XDG_CACHE_HOME=str(tmp_path), PATH="/nowhere") == [name]


def test_a_cache_folder_that_cannot_be_written_breaks_nothing(tmp_path: Path):
    """Where the cache folder cannot be made, mlx still multiplies."""
    (tmp_path / "hiddenlayer").write_text("a file where the folder should be")
    assert said(SAY + MULTIPLY, XDG_CACHE_HOME=str(tmp_path))[1] == "512.0"


def test_the_same_greedy_texts(tmp_path: Path):
    """The bundled model says the same with the fast BLAS as with mlx's own."""
    fast = said(ANSWER + SAY, XDG_CACHE_HOME=str(tmp_path))
    own = said(ANSWER + SAY, HIDDENLAYER_BLAS="off")
    assert fast[0] == own[0]
    assert own[1] != fast[1] or "slow" in fast[1]


def test_threads_that_the_user_set_are_kept(tmp_path: Path):
    """One thread, unless OPENBLAS_NUM_THREADS says otherwise."""
    count = (
        "from pytest_hiddenlayer.providers.mlx.blas import _scipys; import ctypes; "
        "print(ctypes.CDLL(str(_scipys())).scipy_openblas_get_num_threads())"
    )
    name, alone = said(SAY + count, XDG_CACHE_HOME=str(tmp_path))
    if "wheel" not in name or "slow" in name:
        pytest.skip("needs scipy from a wheel: pip install --force-reinstall --only-binary scipy scipy")
    assert int(alone) == 1
    wanted = "2" if (os.cpu_count() or 1) > 1 else "1"
    assert said(SAY + count, XDG_CACHE_HOME=str(tmp_path), OPENBLAS_NUM_THREADS=wanted)[1] == wanted
