"""Baselines of a cell: snapshots, paths, runs, git refs, other models."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.records import CONFIG, cell, record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.regression.references import BaselineLookup, find_baseline, open_reference
from pytest_hiddenlayer.results.regression.snapshot import snapshot_path, snapshot_text


def found_for(root: Path, reference: str | None, current: str = "now") -> BaselineLookup:
    """The baseline of CONFIG's cell below `root`."""
    return find_baseline(CONFIG, open_reference(reference, root=root, cwd=root, current_run=current))


def commit(root: Path, values: dict[str, float | None], **config: object) -> Path:
    """The cell's snapshot with these scores, below `root`; `config` makes it another cell's."""
    found = cell(values, **config)
    path = root / snapshot_path(found.config)
    write_text(path, snapshot_text(found, None))
    return path


def test_no_snapshot_is_no_fault(tmp_path):
    """Before the first --snapshot-update there is no baseline, which is not a fault."""
    assert found_for(tmp_path, None) == BaselineLookup()


def test_the_committed_snapshot_is_the_baseline(tmp_path):
    """Without a reference the snapshot below rootdir counts, named as it lies there."""
    commit(tmp_path, {"a": 1.0})
    assert found_for(tmp_path, None).baseline.name == "snapshots/t/single-scripted-m.json"


def test_a_broken_snapshot_is_a_fault(tmp_path):
    """A malformed snapshot is a fault, different from a missing one."""
    commit(tmp_path, {"a": 1.0}).write_text("{", encoding="utf-8")
    assert "the baseline cannot be used" in found_for(tmp_path, None).fault


@pytest.mark.parametrize("reference", ["other/snapshots", "other/snapshots/t/single-scripted-m.json"])
def test_a_path_is_a_baseline(tmp_path, reference):
    """A snapshot file, or a folder of them, can be named."""
    commit(tmp_path / "other", {"a": 0.0})
    assert found_for(tmp_path, reference).baseline.samples["a"].outcome == "incorrect"


def test_a_folder_without_any_cell_is_refused(tmp_path):
    """A folder without any snapshot is a usage error, not a missing baseline."""
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="other contains no cells"):
        found_for(tmp_path, "other")


def test_a_folder_without_the_cell_says_what_it_holds(tmp_path):
    """A named folder that lacks the cell names the cells of that task that it has."""
    commit(tmp_path / "other", {"a": 0.0}, label="debate")
    found = found_for(tmp_path, "other/snapshots")
    assert found.baseline is None
    assert "has no cell t/single-scripted-m; it has debate-scripted-m" in found.missing


def test_a_run_is_a_baseline(tmp_path):
    """A run's records have the scores, outcomes and hashes of a snapshot of them, and the outputs too."""
    RunLog(tmp_path, "20260101T000000Z-aaaaaaaa").append(record("a", 1.0))
    found = found_for(tmp_path, "2026").baseline
    assert (found.samples["a"].hash, found.samples["a"].outcome, found.samples["a"].output) == ("h", "correct", "o")


@pytest.mark.parametrize("version", ["exact/1", "exact/2"])
def test_a_run_knows_its_scorers_version(tmp_path, version):
    """The scorer's version comes from the run's summary; without a summary it is unknown."""
    log = RunLog(tmp_path, "20260101T000000Z-aaaaaaaa")
    log.append(record("a", 1.0))
    assert found_for(tmp_path, "2026").baseline.scorer is None
    log.write_summary([cell({"a": 1.0}, scorer=version).to_json()])
    assert found_for(tmp_path, "2026").baseline.scorer == version


def test_last_is_never_the_run_itself(tmp_path):
    """`last` is the last run before the one that is being gated."""
    for name, value in (("20260101T000000Z-aaaaaaaa", 0.0), ("20260102T000000Z-bbbbbbbb", 1.0)):
        RunLog(tmp_path, name).append(record("a", value))
    found = found_for(tmp_path, "last", current="20260102T000000Z-bbbbbbbb").baseline
    assert found.samples["a"].score == 0.0


def test_an_unknown_reference_is_refused(tmp_path):
    """A reference that is not a path, a run or a git ref is refused; the message says where runs are."""
    RunLog(tmp_path, "20260101T000000Z-aaaaaaaa").append(record("a", 1.0))
    with pytest.raises(
        UsageError,
        match=r"^no run '2027' under reports/runs: 1 run; .* \(nor is there a path or a git ref of this name\)$",
    ):
        found_for(tmp_path, "2027")


def test_a_run_without_the_cell_is_no_baseline(tmp_path):
    """A run without records of the cell is named in the message."""
    RunLog(tmp_path, "20260101T000000Z-aaaaaaaa").append(record("a", 1.0, task="another"))
    assert "run 20260101T000000Z-aaaaaaaa has no cell t/single-scripted-m" in found_for(tmp_path, "last").missing


# ---------------------------------------------------------------- other models and strategies


def test_a_new_model_is_compared_with_the_only_other(tmp_path):
    """A reference with one cell of another model gives that one, and the remark names it."""
    commit(tmp_path / "old", {"a": 1.0}, slug="before", model="org/before")
    found = found_for(tmp_path, "old/snapshots").baseline
    assert found.key == ("t", "single", "scripted", "before")
    assert found.warning == "the baseline is from another model: scripted:org/before"


def test_of_two_other_models_none_is_guessed(tmp_path):
    """With two other models the reference must say which; both are named."""
    for slug in ("x", "y"):
        commit(tmp_path / "old", {"a": 1.0}, slug=slug, model=slug)
    found = found_for(tmp_path, "old/snapshots")
    assert found.baseline is None
    assert "it has single-scripted-x, single-scripted-y" in found.missing
    assert "name one with @PROVIDER:MODEL" in found.missing


@pytest.mark.parametrize("reference", ["old/snapshots@scripted:org/x", "old/snapshots@scripted:x"])
def test_another_models_cell_can_be_named(tmp_path, reference):
    """@provider:model names a cell by the model's full name or by its last part."""
    for slug in ("x", "y", "m"):
        commit(tmp_path / "old", {"a": 1.0}, slug=slug, model=f"org/{slug}")
    assert found_for(tmp_path, reference).baseline.key[3] == "x"


def test_a_model_alone_means_the_committed_snapshots(tmp_path):
    """@provider:model without a reference looks below snapshots/."""
    commit(tmp_path, {"a": 1.0}, slug="x", model="x")
    assert found_for(tmp_path, "@scripted:x").baseline.name == "snapshots/t/single-scripted-x.json"


def test_a_misspelt_model_says_what_there_is(tmp_path):
    """If the reference has no cell of the model, the message names the closest one."""
    commit(tmp_path, {"a": 1.0}, slug="llama", model="llama")
    found = found_for(tmp_path, "@scripted:lama")
    assert "no cell t/single-scripted:lama; it has single-scripted-llama" in found.missing
    assert "did you mean 'single-scripted-llama'" in found.missing


def test_the_committed_snapshots_never_give_another_model_unasked(tmp_path):
    """Without --baseline another model's snapshot is not taken, but hinted at."""
    commit(tmp_path, {"a": 1.0}, slug="x", model="x")
    found = found_for(tmp_path, None)
    assert found.baseline is None
    assert "--baseline=@PROVIDER:MODEL (single-scripted-x)" in found.missing


def test_another_strategy_can_be_named(tmp_path):
    """#STRATEGY names another strategy's cell: a debate gated against single answers."""
    commit(tmp_path, {"a": 1.0}, label="debate")
    found = found_for(tmp_path, "snapshots#debate").baseline
    assert (found.key[1], found.warning) == ("debate", "the baseline is from another strategy: debate of scripted:m")


def test_a_path_with_an_at_sign_is_a_path(tmp_path):
    """An existing path is a path, whatever its name contains."""
    commit(tmp_path / "at", {"a": 1.0})
    (tmp_path / "at" / "snapshots").rename(tmp_path / "kept@scripted")
    assert found_for(tmp_path, "kept@scripted").baseline is not None


# ---------------------------------------------------------------- git refs


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, with a fixed user."""
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose first commit, tagged `before`, has the sample right; it is wrong now."""
    git(tmp_path, "init", "-q")
    commit(tmp_path, {"a": 1.0})
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "before")
    commit(tmp_path, {"a": 0.0})
    git(tmp_path, "commit", "-qam", "second")
    return tmp_path


@pytest.mark.parametrize("reference", ["before", "HEAD~1", "before@scripted:m"])
def test_a_git_ref_is_a_baseline(checkout, reference):
    """The snapshot as it was at a tag or commit."""
    assert found_for(checkout, reference).baseline.samples["a"].score == 1.0


def test_a_subfolder_of_a_checkout_has_its_own_snapshots(checkout):
    """Below the top of a checkout the snapshots of that folder are meant, not those of the top."""
    (checkout / "sub").mkdir()
    with pytest.raises(UsageError, match="git before contains no cells"):
        found_for(checkout / "sub", "before")


def test_a_path_wins_over_a_git_ref(checkout):
    """A folder called like a tag is the folder."""
    commit(checkout / "kept", {"a": 0.5})
    (checkout / "kept" / "snapshots").rename(checkout / "before")
    assert found_for(checkout, "before").baseline.samples["a"].score == 0.5


def test_a_broken_snapshot_at_a_commit_is_a_fault(checkout):
    """A snapshot that was committed broken is a fault that names the commit and the file."""
    (checkout / snapshot_path(CONFIG)).write_text("{")
    git(checkout, "commit", "-qam", "broken")
    assert "HEAD:snapshots/t/single-scripted-m.json: cannot be read" in found_for(checkout, "HEAD").fault


@pytest.mark.parametrize("reference", ["-x", "--all", "nothing..HEAD"])
def test_what_is_no_commit_is_refused(checkout, reference):
    """A reference that git reads as an option or a range is refused."""
    with pytest.raises(UsageError, match="nor is there a path or a git ref"):
        found_for(checkout, reference)
