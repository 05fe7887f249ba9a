"""Fixtures that many tests share."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.folder import Folder

from pytest_hiddenlayer.providers.mlx.blas import fast_blas
from pytest_hiddenlayer.providers.mlx.imports import keep_open_file_limit

fast_blas()  # before a test imports mlx
OPEN_FILES = ExitStack()  # kept until the end: a test may import mlx_lm, which lowers the limit
OPEN_FILES.enter_context(keep_open_file_limit())

# No test depends on time: a busy machine must not fail one. CI draws the same examples in every run.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("untimed-ci", settings.get_profile("untimed"), derandomize=True, database=None)
settings.load_profile("untimed-ci" if os.environ.get("CI") else "untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so for background jobs; tests interrupt what they start
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["pytester"]


def pytest_collection_finish() -> None:
    """The garbage collector does not look at the thousands of collected tests again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder."""
    return Folder(tmp_path)


@pytest.fixture
def sums(folder: Folder) -> Folder:
    """A folder with evals/sums.yaml (s0, s1, s2) and right replies to all of them."""
    folder.task()
    folder.replies()
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """An empty folder for a run that several tests of a module look at."""
    return Folder(tmp_path_factory.mktemp("shared"))


@pytest.fixture(params=["0", "2"], ids=["n0", "n2"])
def workers(request: pytest.FixtureRequest) -> list[str]:
    """Options for one process, and for two workers."""
    return ["-n", request.param]
