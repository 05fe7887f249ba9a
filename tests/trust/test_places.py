"""Files are written only where the user said, whatever links and ini files are there."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from support.folder import Folder
from support.special_files import ends, pipe
from support.trust_runs import rich_run
from support.watched_writes import watch

from pytest_hiddenlayer.io.jsonl import append_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and owners of files")


def test_a_link_in_the_place_of_a_log_changes_no_other_file(tmp_path: Path):
    """No log that is appended to, such as `labels.jsonl` or `records.jsonl`, is written through a link."""
    victim, log = tmp_path / "victim", tmp_path / "labels.jsonl"
    victim.write_text("not ours, and without a line feed")
    log.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        append_line(log, {"a": 1})
    assert victim.read_text() == "not ours, and without a line feed"
    log.unlink()
    pipe(log)
    with ends(), pytest.raises(OSError, match="not a regular file"):
        append_line(log, {"a": 1})


def _project(folder: Folder) -> tuple[Folder, Path]:
    """(a project with a task, a folder elsewhere that it has no business with)."""
    inner = Folder(folder.path / "project")
    inner.path.mkdir()
    inner.task()
    inner.replies()
    inner.write("pytest.ini", "[pytest]\n")
    elsewhere = folder.path / "elsewhere"
    elsewhere.mkdir()
    return inner, elsewhere


REDIRECTIONS = {
    "reports": ([], "--hl-reports"),
    "reports/runs": ([], "--hl-reports"),
    "reports/batches": ([], "--hl-reports"),
    "snapshots": (["--snapshot-update"], "--snapshot-update"),
    "snapshots/sums": (["--snapshot-update"], "--snapshot-update"),
    "hiddenlayer-prices.yaml": ([], "--hl-prices"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REDIRECTIONS)
def test_a_committed_link_takes_no_file_out_of_the_project(folder: Folder, name: str):
    """A usage error before anything is asked, which says what to do; nothing is written there."""
    project, elsewhere = _project(folder)
    options, advice = REDIRECTIONS[name]
    (project.path / name).parent.mkdir(exist_ok=True)
    (project.path / name).symlink_to(elsewhere)
    printed = project.run(*options)
    text = "\n".join(printed.errlines)
    assert printed.ret == 4
    assert "symbolic link leads out of the project" in text
    assert advice in text
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("link", ["snapshots", "snapshots/sums", "snapshots/sums/FILE"])
def test_a_snapshot_outside_of_the_project_is_not_read(folder: Folder, link: str):
    """A link in the place of a snapshot, or of its folders, is no baseline: the gate fails and says what to do."""
    project, elsewhere = _project(folder)
    assert project.run("--snapshot-update").ret == 0
    (snapshot,) = (project.path / "snapshots").glob("*/*.json")
    path = project.path / link.replace("FILE", snapshot.name)
    shutil.move(path, elsewhere / path.name)
    path.symlink_to(elsewhere / path.name)
    printed = project.run()
    assert printed.ret == 1
    assert f"{snapshot.name}: a symbolic link leads out of the project" in "\n".join(printed.outlines)
    assert project.run("--baseline", str(elsewhere / "snapshots")).ret == 0 or link != "snapshots"


@pytest.mark.parametrize(
    "written", ["hl_reports = {}", "addopts = --hl-reports={}", "hl_record = {}", "hl_replay = ../elsewhere"]
)
def test_an_ini_file_names_no_folder_outside_of_the_project(folder: Folder, written: str):
    """Anyone may have written it: such a folder has to be named on the command line."""
    project, elsewhere = _project(folder)
    project.write("pytest.ini", f"[pytest]\n{written.format(elsewhere)}\n")
    printed = project.run()
    assert printed.ret == 4
    assert "outside of the project" in "\n".join(printed.errlines)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", [("runs",), ("show", "last"), ("label", "last"), ("doctor",)], ids=lambda c: c[0])
def test_no_command_follows_an_ini_file_out_of_the_project(folder: Folder, command: tuple[str, ...]):
    """One sentence names the key, the file and what to do."""
    project, elsewhere = _project(folder)
    project.write("pytest.ini", f"[pytest]\nhl_reports = {elsewhere}\n")
    printed = project.command(*command)
    text = "\n".join([*printed.outlines, *printed.errlines])
    assert "hl_reports" in text
    assert "outside of the project" in text
    assert "Traceback" not in text
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_the_user_names_may_be_anywhere(folder: Folder):
    """`--hl-reports DIR` writes there, also if DIR is a link."""
    project, elsewhere = _project(folder)
    (folder.path / "link").symlink_to(elsewhere)
    assert project.run("--hl-reports", str(folder.path / "link")).ret == 0
    assert [path.name for path in elsewhere.iterdir()] == ["runs"]


@pytest.mark.slow
def test_labels_are_not_written_through_a_link(folder: Folder):
    """`hiddenlayer label` refuses a link in the place of `reports/labels.jsonl`, in one sentence."""
    project, elsewhere = _project(folder)
    run = rich_run(project.path)
    (elsewhere / "victim").write_text("")
    (project.path / "reports" / "labels.jsonl").symlink_to(elsewhere / "victim")
    printed = project.command("label", run.name, "--kind", "rating")
    assert printed.ret == 4
    assert "--out FILE" in printed.errlines[0]
    assert (elsewhere / "victim").read_text() == ""


@pytest.mark.slow
def test_a_conversion_replaces_no_linked_file(folder: Folder):
    """A link with the name that its temporary file had once is not followed, nor one with the name of its output."""
    folder.write("theirs/a.json", json.dumps([{"input": "q", "ideal": "a"}]))
    folder.write("victim", "untouched")
    (folder.path / "out").mkdir()
    for name in (".a.jsonl.tmp", ".a.yaml.tmp", "a.jsonl", "a.yaml"):
        (folder.path / "out" / name).symlink_to(folder.path / "victim")
    folder.command("convert", "theirs/a.json", "--output", "out")
    assert (folder.path / "victim").read_text() == "untouched"


PROVIDER = ("--hl-provider", "scripted:replies.json")
TEMPORARY = re.compile(
    r"\..+\.[0-9a-f]{8}\.tmp|\.hiddenlayer-[0-9a-f]{8}\.tmp"  # a file that replaces another one; the probe of a disk
    r"|hl-[0-9a-f]{8}-[0-9]+|pytest-cache-files-\w+"  # the socket of a run with workers; pytest's own
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "places"),
    [
        (("pytest", "evals", *PROVIDER), ("reports", ".pytest_cache")),
        (("pytest", "evals", *PROVIDER, "-n", "2"), ("reports", ".pytest_cache")),
        (("pytest", "evals", *PROVIDER, "--snapshot-update"), ("reports", "snapshots", ".pytest_cache")),
        (("pytest", "evals", *PROVIDER, "--hl-record", "tapes"), ("reports", "tapes", ".pytest_cache")),
        (("pytest", "--co", "-q", "evals", *PROVIDER), (".pytest_cache",)),
        (("pytest_hiddenlayer.cli", "run", "evals", "--provider", PROVIDER[1]), ("reports",)),
        (("pytest_hiddenlayer.cli", "show", "last"), ()),
        (("pytest_hiddenlayer.cli", "diff", "last", "last"), ()),
        (("pytest_hiddenlayer.cli", "runs"), ()),
        (("pytest_hiddenlayer.cli", "schema"), ()),
        (("pytest_hiddenlayer.cli", "export", "last", "--to", "csv", "--output", "out.csv"), ("out.csv",)),
        (("pytest_hiddenlayer.cli", "init", "fresh"), ("fresh",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_writes_only_where_it_says(folder: Folder, command: tuple[str, ...], places: tuple[str, ...]):
    """It writes to the places in the project that its documents name; elsewhere, to its folder in the cache and
    to temporary files, of which none is left."""
    project, _ = _project(folder)
    rich_run(project.path)
    base = project.path.parent / "watched"
    done = watch(command, project.path, base)
    assert done.status == 0, done.printed
    own = [project.path / place for place in places] + [
        base / "cache" / "hiddenlayer",
        base / "tmp",
        base / "written.txt",
    ]
    strange = done.outside(*own)
    assert [path for path in strange if not any(map(TEMPORARY.fullmatch, path.parts))] == []
    assert [path for path in strange if path.exists()] == []
    left = [*(base / "tmp").iterdir(), *(base / "home").iterdir()]
    assert [
        path for path in left if not path.name.startswith("pytest-of-")
    ] == []  # the folder of pytest's `tmp_path`
