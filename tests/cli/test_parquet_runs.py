"""Runs that are left with `records.parquet` only: commands read them as they read `records.jsonl`."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("pyarrow", reason="needs pyarrow: pip install 'pytest-hiddenlayer[parquet]'")
pytestmark = pytest.mark.slow
SCRIPTED = ("--provider", "scripted:replies.json")


def compact(folder):
    """Leaves every run with `records.parquet` only, and returns the runs."""
    for run in folder.runs():
        assert folder.command("compact", str(run), "--remove-jsonl").ret == 0
        assert not (run / "records.jsonl").exists()
    return [str(run) for run in folder.runs()]


def shown(result):
    text = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in text
    assert result.ret == 0, text
    return text


def test_commands_print_the_same(folder):
    """show, votes, rounds, tournament and export print and write the same before and after compaction."""
    folder.task("sums", epochs=2, strategies=["single", "debate", {"self_consistency": {"n_samples": 3}}])
    folder.replies(wrong=[1])
    shown(folder.command("run", *SCRIPTED, "--equal-budget"))
    (run,) = map(str, folder.runs())
    commands = [("show", run), ("show", run, "--sample", "s1"), ("votes", run), ("rounds", run), ("tournament", run)]
    export = ("export", run, "--to", "csv", "--output", "out.csv", "--force")

    def everything():
        printed = [shown(folder.command(*command)) for command in commands]
        shown(folder.command(*export))
        return printed, (folder.path / "out.csv").read_text(encoding="utf-8")

    before = everything()
    compact(folder)
    assert everything() == before
    assert before[1]


def test_shards_merge(folder):
    """`merge` joins shards whose records are in Parquet, each sample once."""
    folder.task("sums", n=8)
    folder.replies()
    for shard in ("1/2", "2/2"):
        shown(folder.command("run", *SCRIPTED, "--shard", shard))
    shown(folder.command("merge", *compact(folder)))
    assert "8/8" in shown(folder.command("runs"))


@pytest.mark.parametrize("options", [("--hl-adaptive",), ("--hl-equal-budget",)], ids=str)
def test_a_run_reuses_and_is_compared_with_them(folder, options):
    """--hl-resume reuses their answers, and --hl-baseline takes them, under --hl-adaptive and --hl-equal-budget."""
    folder.task("sums", epochs=3, strategies=["single", {"self_consistency": {"n_samples": 3}}])
    folder.replies()
    shown(folder.run())
    (first,) = compact(folder)
    reused = re.findall(r"(\d+) of \d+ answers reused", shown(folder.run(*options, "--hl-resume", first)))
    assert reused == ["18"]
    shown(folder.run(*options, "--hl-baseline", first))
