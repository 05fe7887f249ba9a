"""The state of the git checkout, and the manifest that records it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.results.log.git import git_state
from pytest_hiddenlayer.results.log.run_log import RunLog


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout with one committed file."""
    (tmp_path / "file").write_text("1", encoding="utf-8")
    who = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "m"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_outside_a_checkout_the_commit_is_unknown(tmp_path):
    """Outside of a checkout the state is None."""
    assert git_state(tmp_path) is None


def test_the_manifest_has_the_commit(checkout):
    """run.json names the commit, the command and the versions."""
    log = RunLog(checkout, "run", ["pytest", "evals"])
    log.append(record("a", 1.0))
    manifest = json.loads((log.folder / "run.json").read_text(encoding="utf-8"))
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True)
    assert manifest["git"] == {"commit": head.stdout.strip(), "dirty": False}
    assert (manifest["command"], manifest["run_id"]) == (["pytest", "evals"], "run")
    assert "pytest-hiddenlayer" in manifest["versions"]


def test_a_changed_file_makes_the_checkout_dirty(checkout):
    """A change to a tracked file is dirty; a new file, such as the run's own folder, is not."""
    (checkout / "new").write_text("1", encoding="utf-8")
    assert git_state(checkout)["dirty"] is False
    (checkout / "file").write_text("2", encoding="utf-8")
    assert git_state(checkout)["dirty"] is True
