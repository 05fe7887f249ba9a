"""--resume: answers of an earlier run are reused, and only the rest is requested."""

from __future__ import annotations

import json
from collections import Counter

DIES = """
import asyncio
import os
import pathlib
import pytest_hiddenlayer


@pytest_hiddenlayer.strategy("dies")
async def dies(context):
    if context.sample.id == "s7" and not os.path.exists("mended"):
        while not any(log.stat().st_size for log in pathlib.Path("reports/runs").glob("*/records.jsonl")):
            await asyncio.sleep(0.01)
        os._exit(7)
    completion = await context.ask(context.messages, role="answer")
    return pytest_hiddenlayer.Answer(output=completion.text)
"""


def of(run) -> dict[str, dict]:
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert max(Counter(record["sample_id"] for record in found).values()) == 1
    return {record["sample_id"]: record for record in found}


def test_answers_are_reused(sums, workers):
    """--resume reuses the answers of the run, and repeats only the failed calls."""
    sums.replies(q1={"error": "gone"})
    sums.run()
    (first,) = sums.runs()
    assert of(first)["s1"]["outcome"] == "error"
    sums.replies(wrong=range(12))
    result = sums.run("--resume", "last", *workers)
    second = of(next(run for run in sums.runs() if run != first))
    n = len(of(first))
    assert {name: record["outcome"] for name, record in second.items()} == {
        name: "incorrect" if name == "s1" else "correct" for name in of(first)
    }
    assert {record["run_id"] for record in second.values()} == {next(r.name for r in sums.runs() if r != first)}
    assert second["s0"]["answer_metadata"]["resumed_from"] == first.name
    assert "resumed_from" not in second["s1"]["answer_metadata"]
    result.stdout.fnmatch_lines(
        [f"{n - 1} of {n} answers reused from {first.name}; asked for: 1 that failed or were skipped there"]
    )


def test_a_changed_question_is_asked_again(sums):
    """Another prompt, seed or scorer is another key."""
    sums.replies()
    sums.run()
    (first,) = sums.runs()
    sums.replies(wrong=range(12))
    result = sums.run("--resume", first.name, "--hl-seed", "5")
    (second,) = (run for run in sums.runs() if run != first)
    assert {record["outcome"] for record in of(second).values()} == {"incorrect"}
    expected = f"0 of 3 answers reused from {first.name}; asked for: 3 with another prompt, *or seed there"
    result.stdout.fnmatch_lines([expected])


def test_the_command_says_what_it_reuses(sums):
    """`hiddenlayer run --resume last` says how many answers it takes over, and why the others are asked for."""
    assert sums.command("run", "--provider", "scripted:replies.json", "--limit", "2").ret == 0
    (first,) = sums.runs()
    printed = sums.command("run", "--provider", "scripted:replies.json", "--resume", "last")
    assert f"2 of 3 answers reused from {first.name}; asked for: 1 that it does not have" in printed.outlines


def test_a_killed_run_is_completed(sums):
    """The answers of a process that died are on disk; --resume reuses them and completes the run."""
    sums.task(n=10, strategies=["dies"])
    sums.write("conftest.py", DIES)
    sums.replies()
    assert sums.run("--hl-concurrency", "1").ret == 7
    (first,) = sums.runs()
    before = of(first)
    assert 0 < len(before) < 10
    sums.write("mended", "")
    sums.replies(wrong=range(12))
    assert sums.run("--resume", "last").ret == 0
    (second,) = (run for run in sums.runs() if run != first)
    after = of(second)
    assert len(after) == 10
    assert {name for name, record in after.items() if record["outcome"] == "correct"} == set(before)


def test_a_line_that_a_kill_cut_off_is_counted(sums):
    """`show` and the run that resumes leave out the incomplete last line, and say so; its answer is asked again."""
    sums.replies()
    sums.run()
    (first,) = sums.runs()
    log = first / "records.jsonl"
    n = len(of(first))
    log.write_bytes(log.read_bytes()[:-20])
    sums.command("show", first.name).stdout.fnmatch_lines(
        [f"run {first.name}: {n - 1} records; 1 incomplete line left out"]
    )
    result = sums.run("--resume", first.name)
    result.stdout.fnmatch_lines(
        [f"{n - 1} of {n} answers reused from {first.name}; 1 incomplete line left out; asked for: 1 *"]
    )
    second = next(run for run in sums.runs() if run != first)
    assert len(of(second)) == n
    sums.command("show", second.name).stdout.fnmatch_lines([f"run {second.name}: {n} records"])


def test_a_run_that_does_not_exist(sums):
    """A run that does not exist is one sentence of error, before any call is made."""
    sums.replies()
    result = sums.run("--resume", "2020")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no run '2020' under reports/runs: 0 runs*"])


def test_a_run_without_answers(sums):
    """A run folder without records is one sentence of error."""
    sums.replies()
    sums.write("reports/runs/20260101T000000Z-aaaaaaaa/run.json", {"schema": 1})
    result = sums.run("--resume", "last")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no run 'last' under reports/runs: 0 runs; make one with *"])
    result = sums.run("--resume", "20260101T000000Z-aaaaaaaa")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*20260101T000000Z-aaaaaaaa: no records.jsonl in this run;*run it again*"])
