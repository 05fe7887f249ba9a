"""`hiddenlayer runs`, bare `hiddenlayer`, `--version`, and the root from a sub folder."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder


@pytest.fixture
def ran(sums: Folder) -> Folder:
    """A folder with one run."""
    assert sums.command("run", "--provider", "scripted:replies.json").ret == 0
    return sums


def test_runs_lists_date_tasks_models_score_and_cost(ran):
    """`runs` prints one row per run."""
    (run,) = ran.runs()
    header, row = ran.command("runs").outlines
    assert header.split() == [
        "run",
        "started",
        "(UTC)",
        "tasks",
        "strategies",
        "models",
        "scored",
        "mean",
        "score",
        "cost",
    ]
    assert row.split()[0] == run.name
    assert row.split()[3:] == ["sums", "single", "scripted:replies.json", "3/3", "1.000", "$0"]


def test_runs_as_json(ran):
    """`runs --json` prints the rows as JSON."""
    (entry,) = json.loads("\n".join(ran.command("runs", "--json").outlines))
    assert (entry["tasks"], entry["score"], entry["cost_usd"]) == (["sums"], 1.0, 0.0)


def test_an_interrupted_run_is_listed_with_what_is_known(ran):
    """The score and cost of a run without a summary are unknown, never 0."""
    (run,) = ran.runs()
    (run / "summary.json").unlink()
    assert (
        ran.command("runs").outlines[-1].split()[-3:] == ["?", "(0", "cells)"]
        or "?" in ran.command("runs").outlines[-1]
    )
    assert json.loads("\n".join(ran.command("runs", "--json").outlines))[0]["score"] is None


def test_a_run_that_was_killed_in_its_first_answer_is_listed(ran):
    """It can be resumed, so that `runs` does not say that there is no run."""
    (run,) = ran.runs()
    for name in ("records.jsonl", "summary.json"):
        (run / name).unlink()
    (run / "calls").mkdir()
    (run / "calls" / "a.jsonl").write_text("{}\n")
    assert ran.command("runs").outlines[-1].startswith(run.name)


@pytest.mark.parametrize("text", ["", "[1]", '{"started_at": '])
def test_a_run_with_a_damaged_manifest_is_listed(ran, text):
    """What its `run.json` would say is unknown."""
    (run,) = ran.runs()
    (run / "run.json").write_text(text)
    assert ran.command("runs").outlines[-1].split()[:2] == [run.name, "?"]


def test_a_damaged_record_says_what_to_do(ran):
    """A line that is no record, such as a marker of a merge, is named with its file, its number and the remedy."""
    (run,) = ran.runs()
    log = run / "records.jsonl"
    log.write_text("<<<<<<< HEAD\n" + log.read_text())
    for command in (("show", "last"), ("run", "--resume", "last")):
        error = "\n".join(ran.command(*command).errlines)
        assert f"{log}:1: not a record: " in error
        assert "; correct the line, or remove it" in error


def test_a_folder_without_a_manifest_is_not_a_run(ran):
    """Only folders that contain run.json are listed."""
    (ran.path / "reports" / "runs" / "stray").mkdir()
    assert len(ran.command("runs").outlines) == 2


@pytest.mark.parametrize("words", [("runs",), ("show", "last"), ("compare", "last", "last")])
def test_runs_are_found_from_a_sub_folder(ran, words):
    """From a subfolder the command finds the project's root, as pytest does."""
    (ran.path / "snapshots").mkdir()
    (ran.path / "evals" / "deep").mkdir()
    assert ran.command(*words, cwd="evals/deep").ret == 0


def test_without_a_run_it_says_how_to_make_one(folder):
    """A project without runs is not an error."""
    printed = folder.command("runs")
    assert (printed.ret, "hiddenlayer run" in printed.outlines[0]) == (0, True)


def test_bare_hiddenlayer_prints_its_help(folder):
    """Without arguments `hiddenlayer` lists every subcommand, with examples."""
    printed = folder.command()
    text = "\n".join(printed.outlines)
    assert printed.ret == 0
    assert {"run", "runs", "init", "compare", "examples:"} <= set(text.split())


def test_version(folder):
    """`--version` prints the package's version."""
    from pytest_hiddenlayer import __version__

    assert folder.command("--version").outlines == [f"hiddenlayer {__version__}"]


def test_init_writes_an_ini_file_a_gitignore_and_what_to_do_next(folder):
    """`init` does not change files that exist."""
    folder.write(".gitignore", "mine\n")
    printed = folder.command("init")
    text = "\n".join(printed.outlines)
    assert printed.ret == 0
    assert (folder.path / "pytest.ini").read_text().startswith("[pytest]\n")
    assert (folder.path / ".gitignore").read_text() == "mine\n"
    assert "pytest evals -k debate --provider mlx" in text
    assert "exists already" in text


def test_failures_and_wrong_answers_name_sample_model_and_epoch(folder: Folder):
    """`run` says which answer failed, also of two models of one provider; `show` names the answers alike."""
    folder.task(n=2)
    folder.replies(wrong=[1])
    folder.write("other.json", {"rules": [{"contains": "", "reply": "a1"}]})
    models = ["--provider", "scripted:replies.json", "--provider", "scripted:other.json"]
    run = "\n".join(folder.command("run", *models, "--epochs", "2", "--strict").outlines)
    shown = "\n".join(folder.command("show", "last").outlines)
    for answer in ("s1[single-scripted:replies.json]", "s0[single-scripted:other.json]"):
        for epoch in ("", "#2"):
            assert f"sums::{answer}{epoch}: incorrect: expected" in run
            assert f"incorrect  sums::{answer}{epoch} expected" in shown


def test_a_diff_against_a_snapshot_shows_the_new_output(folder: Folder):
    """A snapshot holds no outputs: that is said once, and each flipped sample has its new one."""
    folder.task(n=3)
    folder.replies()
    folder.command("run", "--provider", "scripted:replies.json", "--snapshot-update")
    folder.replies(wrong=[0, 1, 2])
    folder.command("run", "--provider", "scripted:replies.json")
    lines = folder.command("diff", "snapshots", "last").outlines
    assert lines.count("   new: no") == 3
    assert sum("no output on the old side" in line for line in lines) == 1


def test_a_transcript_that_lacks_fields_is_shown(ran):
    """`show --sample` prints the calls of a record that another program wrote, with `?` for what they do not say."""
    (run,) = ran.runs()
    path = run / "records.jsonl"
    first, *others = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(first)
    record["transcript"] = [{"messages": [{"role": "user", "content": "q0."}], "completion": "a0"}, {}]
    path.write_text("\n".join([json.dumps(record), *others]) + "\n", encoding="utf-8")
    result = ran.command("show", "last", "--sample", record["sample_id"])
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["-- [?], round [?], [?]", "   user: q0.", "   → a0", "-- [?], round [?], [?]", "   → [?]"]
    )


def test_votes_over_a_transcript_that_lacks_roles(folder: Folder):
    """`votes` says in one sentence that no samples can be read, and `rounds` leaves the records out."""
    folder.task("sums", strategies=["debate", {"self_consistency": {"n_samples": 3}}])
    folder.replies()
    assert folder.command("run", "--provider", "scripted:replies.json").ret == 0
    (run,) = folder.runs()
    path = run / "records.jsonl"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        record["transcript"] = [{"completion": call["completion"]} for call in record["transcript"]]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    votes = folder.command("votes", "last")
    assert votes.ret == pytest.ExitCode.USAGE_ERROR
    assert "this run has no complete set of them" in votes.stderr.str()
    assert folder.command("rounds", "last").ret == 0
