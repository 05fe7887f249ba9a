"""What a host lacks is said before anything is sent to it or asked."""

from __future__ import annotations

import pytest
from support.sshd import ROOT, ssh_hosts

from pytest_hiddenlayer.version import __version__

pytestmark = pytest.mark.slow

LATE = "import time\nnow = time.time\ntime.time = lambda: now() - 3600\n"
OLD_PYTEST = (
    "import importlib.metadata as m\nof = m.version\nm.version = lambda n: '1.2.3' if n == 'pytest' else of(n)\n"
)
FULL = (
    "import shutil\nfrom types import SimpleNamespace\nshutil.disk_usage = lambda path: SimpleNamespace(free=1000)\n"
)
NO_MLX = "import importlib.metadata as m\nof = m.version\nm.version = lambda n: of('no-mlx' if n == 'mlx' else n)\n"


def lacking(run, folder, files, *options, provider="scripted:replies.json"):
    """What a run prints whose host finds these files before all others; it must end before anything is asked."""
    own = folder / "own"
    for name, text in files.items():
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with ssh_hosts(folder, "mac2", environment={"PYTHONPATH": f"{own}:{ROOT}"}) as (mac2,):
        result = run.run("--tx", mac2.spec(), "--dist", "load", *options, provider=provider)
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in shown
    assert run.runs() == []
    return shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (LATE, "host mac2: its clock must agree with this machine's, but is 1 h 0 min behind"),
        (OLD_PYTEST, f"host mac2: it needs pytest {pytest.__version__} (it has 1.2.3); run `ssh -F"),
        (FULL, "host mac2: it needs 67 MB for caches, "),
    ],
    ids=["clock", "pytest", "disk"],
)
def test_a_host_that_does_not_fit_is_refused(sums, tmp_path_factory, change, message):
    """A clock an hour off, another pytest and a full disk end the run with one sentence that says what to do."""
    assert message in lacking(sums, tmp_path_factory.mktemp("h"), {"sitecustomize.py": change})


def test_a_host_without_the_package_of_its_model_is_refused(folder, tmp_path_factory):
    """A run with `--provider mlx` needs mlx on each host."""
    folder.task("sums", n=2)
    shown = lacking(folder, tmp_path_factory.mktemp("h"), {"sitecustomize.py": NO_MLX}, provider="mlx")
    assert "(it has none); run `ssh -F" in shown


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (__version__, "cannot (OSError: broken)"),
        ("0.0.9", f"it needs pytest-hiddenlayer {__version__} (it has 0.0.9)"),
    ],
    ids=["broken", "other"],
)
def test_a_host_with_another_package_is_refused(sums, tmp_path_factory, version, message):
    """A package that cannot be imported, or another version of it, ends the run with one sentence."""
    package = {
        "pytest_hiddenlayer/__init__.py": "raise OSError('broken')\n",
        "pytest_hiddenlayer/version.py": f'__version__ = "{version}"\n',
    }
    assert message in lacking(sums, tmp_path_factory.mktemp("h"), package)
