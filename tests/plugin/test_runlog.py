"""reports/runs/<run id>/."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

FIELDS = {
    "schema",
    "run_id",
    "key",
    "task",
    "sample_id",
    "epoch",
    "strategy",
    "strategy_params",
    "provider",
    "model",
    "input",
    "target",
    "output",
    "answer",
    "scores",
    "outcome",
    "usage",
    "cost_usd",
    "latency_s",
    "transcript",
    "error",
    "seed",
    "started_at",
    "cached",
}
USAGE = {"input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "calls"}
CALL = {"role", "round", "messages", "completion", "finish_reason", "usage", "latency_s", "model", "seed"}

DIES = """
import os
import pytest_hiddenlayer


@pytest_hiddenlayer.strategy("dies")
async def dies(context):
    if context.sample.id == "s3":
        os._exit(7)
    completion = await context.ask(context.messages, role="answer")
    return pytest_hiddenlayer.Answer(output=completion.text)
"""

LOOKS = """
import json, pathlib


def pytest_runtest_logreport(report):
    if report.when == "call" and "gate" not in report.nodeid:
        (log,) = pathlib.Path("reports/runs").glob("*/records.jsonl")
        seen = [json.loads(line)["sample_id"] for line in log.read_text().splitlines()]
        name = report.nodeid.split("::")[1].split("[")[0]
        with open("seen.txt", "a") as file:
            file.write(f"{name} {name in seen}\\n")
"""


def test_files(sums, workers):
    """One run makes one folder with run.json, records.jsonl, summary.json, changes.json and report.html."""
    sums.run(*workers)
    (run,) = sums.runs()
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", run.name)
    names = {"run.json", "records.jsonl", "summary.json", "changes.json", "report.html"}
    assert {path.name for path in run.iterdir()} == names


def test_record(sums):
    """A record has its documented fields, and those of usage, scores and calls."""
    sums.replies(wrong=[0])
    sums.run()
    record = sums.records()[0]
    (run,) = sums.runs()
    assert set(record) >= FIELDS
    assert set(record["usage"]) == USAGE
    assert set(record["transcript"][0]) >= CALL
    assert record["run_id"] == run.name
    assert set(record["scores"]["exact"]) == {"value", "answer", "explanation"}
    assert record["scores"]["exact"]["value"] == 0
    assert (record["input"], record["target"], record["output"]) == ("q0.", "a0", "no")
    assert record["cost_usd"] == 0


def test_one_line_per_item(folder, workers):
    """There is exactly one line per sample and epoch, also with -n 2."""
    folder.task(n=4, epochs=2)
    folder.replies(q1={"error": "down"})
    folder.run(*workers)
    seen = sorted((record["sample_id"], record["epoch"]) for record in folder.records())
    assert seen == [(f"s{i}", epoch) for i in range(4) for epoch in (1, 2)]


def test_on_disk_before_it_is_reported(sums, workers):
    """A record's line is on disk before its item is reported."""
    sums.write("conftest.py", LOOKS)
    sums.run(*workers)
    assert sorted(set((sums.path / "seen.txt").read_text().splitlines())) == ["s0 True", "s1 True", "s2 True"]


def test_key_depends_on_what_determines_an_answer(sums):
    """The key of a record is the same in another run, and differs for another seed."""
    keys = []
    for seed in ("0", "0", "1"):
        sums.run("-k", "s0", "--hl-seed", seed)
        (run,) = sums.runs()
        keys.append(sums.records()[0]["key"])
        run.rename(sums.path / run.name)
    assert keys[0] == keys[1] != keys[2]


def test_manifest(sums):
    """run.json contains the command, versions, seed, task hashes and full model names."""
    sums.run()
    (run,) = sums.runs()
    manifest = json.loads((run / "run.json").read_text())
    assert manifest["command"][:2] == ["pytest", "evals"]
    assert manifest["models"] == ["scripted:replies.json"]
    assert set(manifest["tasks"]) == {"sums"}
    assert manifest["seed"] == 0
    assert manifest["versions"]["pytest"]


def test_summary(sums, workers):
    """summary.json is a list of cells with the metrics of the table."""
    sums.replies(wrong=[1])
    sums.run(*workers)
    (cell,) = sums.summary()
    assert (cell["task"], cell["strategy"], cell["model"]) == ("sums", "single", "replies.json")
    assert (cell["n"], cell["n_selected"], round(cell["score"], 3)) == (3, 3, 0.667)
    assert cell["gate"] == "skipped"


def test_two_runs_two_folders(sums):
    """A second run makes a second folder and leaves the first alone."""
    sums.run()
    (first,) = sums.runs()
    before = (first / "records.jsonl").read_bytes()
    sums.run()
    assert len(sums.runs()) == 2
    assert (first / "records.jsonl").read_bytes() == before


def test_nothing_is_created_if_no_eval_runs(sums):
    """Nothing is created when every eval item is deselected."""
    before = sums.files()
    assert sums.run("-k", "nothing").ret == 5
    assert sums.files() == before


def test_killed_worker_loses_no_finished_record(folder):
    """If a worker dies, its item fails, and the log has every record that was complete."""
    folder.task(n=6, strategies=["dies"])
    folder.replies()
    folder.write("conftest.py", DIES)
    result = folder.run("-n", "2")
    assert result.ret == 1
    passed = {line.split("::")[1].split("[")[0] for line in result.outlines if line.startswith("PASSED")}
    assert {record["sample_id"] for record in folder.records()} >= passed >= {"s0", "s1"}
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'evals/sums.yaml::s*"])


def test_properties_in_junit(sums, workers):
    """The JUnit file contains each item's hl.* properties as plain strings."""
    sums.replies(wrong=[1])
    sums.run(*workers, "--junitxml=out.xml")
    found = {
        case.get("name").split("[")[0]: {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in ET.parse(sums.path / "out.xml").iter("testcase")
    }
    (run,) = sums.runs()
    latency = found["s1"].pop("hl.latency_s")
    assert float(latency) >= 0
    assert found["s1"] == {
        "hl.score": "0.0",
        "hl.outcome": "incorrect",
        "hl.cost_usd": "0.0",
        "hl.input_tokens": "1",
        "hl.output_tokens": "1",
        "hl.task": "sums",
        "hl.strategy": "single",
        "hl.provider": "scripted",
        "hl.model": "replies.json",
        "hl.run_id": run.name,
    }
