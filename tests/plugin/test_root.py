"""pytest finds snapshots and runs in the project's root, wherever it is started."""

from __future__ import annotations

import shutil

import pytest
from support.folder import Folder


@pytest.fixture
def gated(folder):
    """A folder without an ini file, whose snapshots have only right answers and whose script gives wrong ones."""
    folder.task(n=12)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    folder.replies(wrong=range(12))
    return folder


def test_started_inside_evals_it_finds_the_snapshots_above(gated):
    """`pytest sums.yaml` inside evals/ uses ../snapshots as the baseline, and writes its run to ../reports."""
    printed = gated.pytest("sums.yaml", "--provider", "scripted:../replies.json", cwd="evals")
    assert printed.ret == 1
    assert any("regressed against" in line for line in printed.outlines)
    assert len(gated.runs()) == 2
    assert not (gated.path / "evals" / "reports").exists()


def test_the_printed_folder_can_be_opened_from_where_pytest_was_started(gated):
    """The last line names the run's folder relative to the current one."""
    printed = gated.pytest("sums.yaml", "--provider", "scripted:../replies.json", cwd="evals")
    line = next(line for line in printed.outlines if line.startswith("run "))
    assert (gated.path / "evals" / line.split(": ")[1] / "records.jsonl").is_file()


PATH_OPTIONS = {
    "model": ["--provider", "scripted", "--model", "{other}/replies.json"],
    "hl-model": ["--hl-provider", "scripted", "--hl-model", "../other/replies.json"],
    "record": ["--provider", "scripted:replies.json", "--record", "{other}"],
    "prices": ["--provider", "scripted:replies.json", "--hl-prices", "{other}/prices.yaml"],
    "reports": ["--provider", "scripted:replies.json", "--hl-reports", "reports", "--hl-record", "{other}/more"],
    "baseline": ["--provider", "scripted:replies.json", "--baseline", "{other}/snapshots"],
}


@pytest.fixture
def beside(tmp_path):
    """Two folders beside each other: a project with snapshots of right answers and wrong replies, and another."""
    project, other = Folder(tmp_path / "project"), Folder(tmp_path / "other")
    other.replies(wrong=range(12))
    other.write("prices.yaml", "prices: []\n")
    (other.path / "more").mkdir()
    project.task(n=12)
    project.replies()
    assert project.run("--snapshot-update").ret == 0
    shutil.copytree(project.path / "snapshots", other.path / "snapshots")
    shutil.rmtree(project.path / "reports")
    project.replies(wrong=range(12))
    return project, other


@pytest.mark.parametrize("paths", [["evals"], []], ids=["evals", "no-path"])
@pytest.mark.parametrize("ini", [True, False], ids=["ini", "no-ini"])
@pytest.mark.parametrize("option", PATH_OPTIONS)
def test_the_value_of_an_option_moves_no_root(beside, option, ini, paths):
    """A path outside of the project as an option's own word: root, ini file, item ids, gates and reports stay."""
    project, other = beside
    if ini:
        project.write("pytest.ini", "[pytest]\naddopts = -rA\nhl_epochs = 2\n")
    words = [word.format(other=other.path) for word in PATH_OPTIONS[option]]
    printed = project.pytest(*paths, *words, "-rA")
    assert f"rootdir: {project.path}" in printed.outlines
    assert printed.ret == 1
    assert sum("regressed against" in line for line in printed.outlines) > 0
    epochs = {line.split("#")[1][0] for line in printed.outlines if line.startswith("XFAIL") and "#" in line}
    assert epochs == ({"2"} if ini else set())
    assert any(line.startswith("XFAIL evals/sums.yaml::s0[") for line in printed.outlines)
    assert len(project.runs()) == 1
    assert not (other.path / "reports").exists()
    assert not (project.path.parent / "reports").exists()
    assert not (project.path.parent / ".pytest_cache").exists()


def test_the_ini_file_beside_an_option_s_path_does_not_count(beside):
    """A pytest.ini in the folder that --model names neither configures the run nor adds options."""
    project, other = beside
    other.write("pytest.ini", "[pytest]\naddopts = --collect-only\nhl_epochs = 3\n")
    printed = project.pytest("--provider", "scripted", "--model", f"{other.path}/replies.json")
    assert f"rootdir: {project.path}" in printed.outlines
    assert any("regressed against" in line for line in printed.outlines)
    assert len(project.records()) == 12


def test_workers_keep_the_root_too(beside):
    """Under -n 2 the workers' ids and root are those of the controller."""
    project, other = beside
    printed = project.pytest("-n", "2", "--provider", "scripted", "--model", f"{other.path}/replies.json", "-rA")
    assert any("regressed against" in line for line in printed.outlines)
    assert any(line.startswith("XFAIL evals/sums.yaml::s0[") for line in printed.outlines)


def test_without_any_mark_earlier_runs_are_found_from_a_sub_folder(sums):
    """Without ini file, snapshots and git, the folder that holds earlier runs is the root of every command."""
    assert sums.run().ret == 0
    (first,) = sums.runs()
    assert first.name in sums.command("show", "last", cwd="evals").outlines[0]
    printed = sums.pytest("sums.yaml", "--provider", "scripted:../replies.json", "--resume", "last", cwd="evals")
    assert any(f"of 3 answers reused from {first.name}" in line for line in printed.outlines)
    assert sums.command("run", "sums.yaml", "--provider", "scripted:../replies.json", cwd="evals").ret == 0
    assert len(sums.runs()) == 3
