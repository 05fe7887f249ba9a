"""Strategies with any parameters have ids, rows and snapshots of their own."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder, ids

HINTED = """
from pytest_hiddenlayer import Answer, strategy


@strategy("hinted")
async def hinted(context, *, hint: str = ""):
    reply = await context.ask(context.messages, role="answer")
    return Answer(output=reply.text if hint.startswith(("Sure?", "a")) else "no")
"""


@pytest.fixture
def hinted(folder: Folder) -> Folder:
    """A folder with a strategy that answers rightly or not, depending on its hint."""
    folder.write("conftest.py", HINTED)
    folder.replies()
    return folder


def strategies(*hints: str) -> list[dict[str, dict[str, str]]]:
    """The strategy with these hints."""
    return [{"hinted": {"hint": hint}} for hint in hints]


@pytest.mark.parametrize(
    "hints",
    [("Sure?", "Sure!"), ("a" * 380, "A" * 380, "a" * 379 + "b"), ("a", "A"), ("a/../b", "a:b", "a\\b", "a\nb")],
    ids=["replaced", "long", "case", "paths"],
)
def test_each_cell_has_its_own_id_row_and_snapshot(hinted: Folder, hints: tuple[str, ...]) -> None:
    """However alike two parameters are, ids and snapshots are not shared, also if case does not count."""
    hinted.task(n=1, strategies=strategies(*hints))
    assert hinted.run("--snapshot-update").ret == 0
    files = [path.name for path in (hinted.path / "snapshots" / "sums").iterdir()]
    assert len({name.casefold() for name in files}) == len(hints)
    assert all(len(name) <= 200 for name in files)
    assert len(set(ids(hinted.run("--co", "-q")))) == 2 * len(hints)
    table = hinted.run("--hl-gate=require")
    assert table.ret == 0
    assert all(len(line) < 200 for line in table.outlines if line.startswith("sums "))


def test_a_cell_is_not_compared_with_another_ones_snapshot(hinted: Folder) -> None:
    """The snapshot of `Sure!` is no baseline for `Sure?`, alone or together."""
    hinted.task(n=1, strategies=strategies("Sure!"))
    hinted.run("--snapshot-update")
    hinted.task(n=1, strategies=strategies("Sure?"))
    hinted.run().stdout.fnmatch_lines(["*1 gate skipped: no baseline*"])


def test_a_snapshot_of_an_earlier_version_with_capitals_is_found(hinted: Folder) -> None:
    """A committed file whose name has capital letters is still the cell's baseline."""
    hinted.task(n=1, strategies=strategies("Sure"))
    hinted.run("--snapshot-update")
    new = hinted.snapshot()
    content = json.loads(new.read_text(encoding="utf-8"))
    assert (content.pop("label"), content.pop("slug")) == ("hinted.hint=Sure", "replies.json")
    new.with_name("hinted.hint=Sure-scripted-replies.json.json").write_text(json.dumps(content), encoding="utf-8")
    new.unlink()
    assert hinted.run("--hl-gate=require").ret == 0


@pytest.mark.parametrize("name", ["con", "nul.v2", "aux", "a" * 100, "dot."])
def test_task_names_that_a_system_reserves(folder: Folder, name: str) -> None:
    """A task may be named like a device of Windows: its folder is not, and its baseline is found again."""
    folder.task("sums", task=name)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    (made,) = (folder.path / "snapshots").iterdir()
    assert made.name.partition(".")[0] not in ("con", "nul", "aux")
    assert not made.name.endswith(".")
    assert folder.run("--hl-gate=require").ret == 0
    assert folder.command("compare", "snapshots", "last").ret == 0


def test_task_names_differ_without_regard_to_case(folder: Folder) -> None:
    """Two tasks whose names differ in case only would share their snapshots' folder: the second one is refused."""
    folder.task("one", task="Sums")
    folder.task("two", task="sums")
    folder.replies()
    result = folder.run()
    result.stdout.fnmatch_lines(["*task name 'sums' is taken by one.yaml*"])
    assert result.ret == 1


def test_a_model_of_any_length_has_a_snapshot(folder: Folder) -> None:
    """The file of a model with a long name can be written and is found again."""
    folder.task()
    folder.replies()
    long = "r" * 200 + ".json"
    (folder.path / "replies.json").rename(folder.path / long)
    assert folder.run("--snapshot-update", provider=f"scripted:{long}").ret == 0
    assert len(folder.snapshot().name) < 100
    assert folder.run("--hl-gate=require", provider=f"scripted:{long}").ret == 0


def test_a_model_of_the_same_slug_is_named(folder: Folder) -> None:
    """Two models whose names differ in their folders only may share a snapshot: the gate says of which one it is."""
    folder.task()
    replies = folder.replies().read_text(encoding="utf-8")
    for owner in ("a", "b"):
        folder.write(f"{owner}/replies.json", replies)
    folder.run("--snapshot-update", provider="scripted:a/replies.json")
    said = "the baseline is from another model: scripted:a/replies.json"
    assert said in folder.run(provider="scripted:b/replies.json").stdout.str()
    assert said not in folder.run(provider="scripted:a/replies.json").stdout.str()
