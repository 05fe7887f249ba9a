"""Inspect datasets and logs become tasks; a log's final outputs are recorded answers."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .conftest import Tool, prompt, said, score


def logged(number: int, answer: Any, *, epoch: int = 1, **more: Any) -> dict[str, Any]:
    """A sample of a log."""
    message = {"role": "assistant", "content": answer}
    return {
        "id": number,
        "epoch": epoch,
        "input": f"Question {number}?",
        "target": "Oslo",
        "messages": [{"role": "user", "content": f"Question {number}?"}, message],
        "output": {"model": "m", "choices": [{"message": message, "stop_reason": "stop"}]},
        "scores": {},
        "metadata": {"level": 3, "nested": {"a": 1}},
        **more,
    }


def log(samples: list[dict[str, Any]], *scorers: dict[str, Any]) -> dict[str, Any]:
    """A log with samples and scorers."""
    info = {"task": "owner/capitals", "model": "provider/m", "created": "2026-01-01T00:00:00+00:00", "config": {}}
    info |= {"dataset": {"name": "capitals", "samples": len(samples)}, "scorers": list(scorers)}
    return {"version": 2, "status": "success", "eval": info, "plan": {}, "results": {}, "samples": samples}


def archive(tool: Tool, content: dict[str, Any], *, name: str = "run.eval", ended: bool = True) -> Path:
    """Write a log as a zip."""
    path = tool.write(name, "")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for sample in content["samples"]:
            file.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        header = {key: value for key, value in content.items() if key != "samples"}
        file.writestr("header.json" if ended else "_journal/start.json", json.dumps(header))
    return path


@pytest.mark.parametrize("suffix", ["json", "eval"])
def test_a_log(tool: Tool, suffix: str) -> None:
    """Both kinds of logs become a task with recorded answers; epochs of a sample are several outputs."""
    content = log(
        [logged(1, "Oslo"), logged(2, [{"type": "text", "text": "Bern"}]), logged(1, "Rome", epoch=2)],
        {"name": "includes", "options": {"ignore_case": True}},
    )
    if suffix == "json":
        tool.write("run.json", content)
    else:
        archive(tool, content)
    report = tool.convert(f"run.{suffix}")
    assert [file.status for file in report.files] == ["converted"], said(report)
    task = tool.task("capitals")
    assert dict(task.outputs or {}) == {"1": ("Oslo", "Rome"), "2": ("Bern",)}
    assert (task.epochs, dict(task.samples[0].metadata)) == (2, {"level": 3})
    assert [score(task, text) for text in ("oslo.", "Bern")] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("scorer", "right", "wrong"),
    [
        ({"name": "match"}, "It is Oslo.", "Oslo is it"),
        ({"name": "match", "options": {"location": "begin"}}, "oslo is it", "It is Oslo"),
        ({"name": "exact"}, "Oslo.", "in Oslo"),
        ({"name": "answer", "options": {"pattern": "line"}}, "So\nANSWER: Oslo", "Oslo"),
        ({"name": "pattern", "options": {"pattern": "is (\\w+)"}}, "is Oslo", "Oslo"),
        ({"name": "inspect_ai/includes", "options": {"ignore_case": False}}, "in Oslo", "in oslo"),
    ],
)
def test_scorers(tool: Tool, scorer: dict[str, Any], right: str, wrong: str) -> None:
    """An output is correct if Inspect's scorer accepts it."""
    tool.write("run.json", log([logged(1, "x")], scorer))
    tool.convert("run.json")
    task = tool.task("capitals")
    assert (score(task, right), score(task, wrong)) == (1.0, 0.0)


def test_graded_by_a_model(tool: Tool) -> None:
    """model_graded_qa becomes a judge that reads the target."""
    tool.write("run.json", log([logged(1, "x")], {"name": "model_graded_qa"}, {"name": "f1"}))
    report = tool.convert("run.json")
    (scorer,) = tool.task("capitals").scorers
    assert (scorer.name, scorer.params["reference"]) == ("llm_judge", True)
    assert "run.json: the scorer f1 has no counterpart here" in said(report)


def test_choices_of_a_log(tool: Tool) -> None:
    """A sample with choices is asked with its choices, and `choice` reads the letter."""
    tool.write("run.json", log([logged(1, "x", choices=["Bern", "Oslo"], target="B")], {"name": "choice"}))
    tool.convert("run.json")
    task = tool.task("capitals")
    assert "A. Bern\nB. Oslo" in prompt(task)
    assert [score(task, text) for text in ("B", "A")] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (logged(1, "x", error={"message": "lost"}), "ended with an error"),
        (logged(1, [{"type": "image", "image": "x"}]), "has image in a message"),
        (logged(1, "x", messages=[{"role": "assistant", "content": "", "tool_calls": [{}]}]), "tool calls"),
        (logged(1, "x", messages=[{"role": "assistant", "content": "a"}] * 2), "earlier turns"),
        (logged(1, "x", output={"choices": []}), "sample 1 has no output, so it has no recorded answer"),
        (logged(1, "x", messages=[{"role": "user", "content": "Think. Question 1?"}]), "input of 1 of 1 samples"),
    ],
)
def test_what_a_log_loses(tool: Tool, sample: dict[str, Any], reason: str) -> None:
    """Errors, images, tools, earlier turns, lacking outputs and prompts of solvers are named."""
    tool.write("run.json", log([sample], {"name": "includes"}))
    report = tool.convert("run.json")
    assert reason in said(report)[0]
    assert report.files[0].status == "partly"


def asked(number: int, *texts: str) -> dict[str, Any]:
    """A sample of a log to which a solver added system messages."""
    messages = [{"role": "system", "content": text} for text in texts]
    return logged(number, "x", messages=[*messages, {"role": "user", "content": f"Question {number}?"}])


def test_the_system_message_of_a_solver(tool: Tool) -> None:
    """A system message that a solver added to every sample is the task's; messages that differ are named."""
    tool.write("same.json", log([asked(1, "Be short."), asked(2, "Be short.")], {"name": "includes"}))
    assert said(tool.convert("same.json")) == []
    assert tool.task("capitals").system == "Be short."
    tool.write("other.json", log([asked(1, "Be short."), asked(2)], {"name": "includes"}))
    assert "system messages that a solver added, which differ by sample" in said(tool.convert("other.json"))[0]
    assert tool.task("capitals").system is None


def test_several_right_choices(tool: Tool) -> None:
    """A sample whose right choices must all be named is left out, of logs and of datasets."""
    sample = logged(2, "x", choices=["a", "b", "c"], target=["A", "B"])
    tool.write("run.json", log([logged(1, "x", choices=["a", "b"], target="B"), sample], {"name": "choice"}))
    tool.write(
        "set.jsonl", [{"input": "?", "target": ["A", "B"], "choices": ["a", "b", "c"]}, {**sample, "target": "A"}]
    )
    for name, left in (("run.json", "sample 2 has 2 right choices"), ("set.jsonl", "sample 0 has 2 right choices")):
        report = tool.convert(name, output=tool.path / name)
        assert left in said(report)[0]
        assert report.files[0].tasks[0].samples == 1


def test_a_run_that_did_not_end(tool: Tool) -> None:
    """A log without header.json is read as far as it was written, which is said."""
    archive(tool, log([logged(1, "Oslo")], {"name": "includes"}), ended=False)
    report = tool.convert("run.eval")
    assert "did not end" in said(report)[0]
    assert tool.tasks() == ["capitals"]


def test_a_log_that_is_cut_short(tool: Tool) -> None:
    """A zip without its end is one clear error."""
    path = archive(tool, log([logged(1, "Oslo")], {"name": "includes"}))
    path.write_bytes(path.read_bytes()[:200])
    report = tool.convert("run.eval")
    assert "is not a complete zip file" in said(report)[0]
    assert report.exit_status == 1


def test_a_log_in_zstandard(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that is compressed as Inspect does it is read; without the package, the error names the extra."""
    zstandard = pytest.importorskip("zstandard")
    content = log([logged(1, "Oslo")], {"name": "includes"})
    path = tool.write("run.eval", "")
    members = {"samples/1_epoch_1.json": content.pop("samples")[0], "header.json": content}
    write_zstandard(
        path, {n: zstandard.ZstdCompressor().compress(json.dumps(v).encode()) for n, v in members.items()}
    )
    tool.convert("run.eval")
    assert dict(tool.task("capitals").outputs or {}) == {"1": ("Oslo",)}
    if sys.version_info < (3, 14):
        monkeypatch.setitem(sys.modules, "zstandard", None)
        assert "pytest-hiddenlayer[zstd]" in said(tool.convert("run.eval"))[0]
    write_zstandard(path, dict.fromkeys(members, b"no frame"))
    monkeypatch.undo()
    assert "cannot be unpacked" in said(tool.convert("run.eval"))[0]


def write_zstandard(path: Path, members: dict[str, bytes]) -> None:
    """Write a zip whose members are compressed already."""
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    data = path.read_bytes()
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):  # the method, in both headers
        start = data.find(signature)
        while start >= 0:
            data = data[: start + offset] + (93).to_bytes(2, "little") + data[start + offset + 2 :]
            start = data.find(signature, start + 4)
    path.write_bytes(data)


def test_a_log_that_expands(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that is too large when unpacked is refused before it is in memory."""
    monkeypatch.setattr("pytest_hiddenlayer.convert.inspect.archive.MAX_MEMBER", 2000)
    archive(tool, log([logged(1, "0" * 1_000_000)], {"name": "includes"}))
    report = tool.convert("run.eval")
    assert "too large when unpacked" in said(report)[0]


@pytest.mark.parametrize(
    "path",
    [
        ("d.jsonl", '{"input": "1+1?", "target": 2, "id": "a", "metadata": {"level": 1}}\n'),
        ("d.json", '[{"input": "1+1?", "target": "2", "id": "a", "metadata": {"level": 1}}]'),
        ("d.csv", 'input,target,id,metadata\n1+1?,2,a,"{""level"": 1}"\n'),
    ],
    ids=lambda path: path[0],
)
def test_a_dataset(tool: Tool, path: tuple[str, str]) -> None:
    """A dataset in JSONL, JSON or CSV becomes a task whose answers contain the target."""
    tool.write(*path)
    tool.convert(path[0])
    task = tool.task("d")
    (sample,) = task.samples
    assert (sample.id, sample.target, dict(sample.metadata)) == ("a", "2", {"level": 1})
    assert [score(task, text) for text in ("It is 2.", "3")] == [1.0, 0.0]


def test_choices_of_a_dataset(tool: Tool) -> None:
    """Rows with choices are multiple choice; in CSV, choices are separated by commas."""
    tool.write("d.csv", 'input,target,choices\nSky?,B,"red,blue"\n')
    tool.convert("d.csv")
    task = tool.task("d")
    assert task.samples[0].choices == ("red", "blue")
    assert [score(task, text) for text in ("(B)", "A")] == [1.0, 0.0]


def test_columns_of_other_names(tool: Tool) -> None:
    """Columns are named as a FieldSpec names them."""
    tool.write("d.jsonl", [{"question": "1+1?", "answer": {"value": "2"}, "level": 1}])
    tool.convert("d.jsonl", columns={"input": "question", "target": "answer.value", "metadata": "level"})
    (sample,) = tool.task("d").samples
    assert (sample.input, sample.target, dict(sample.metadata)) == ("1+1?", "2", {"level": 1})
    report = tool.convert("d.jsonl", columns={"input": "query"})
    assert "d.jsonl:1: row 0: has no column 'query'" in said(report)[0]


def test_samples_that_need_a_sandbox(tool: Tool) -> None:
    """A sample with files or a setup script is left out with its line."""
    tool.write("d.jsonl", [{"input": "a", "target": "b"}, {"input": "a", "target": "b", "files": {"x": "y"}}])
    report = tool.convert("d.jsonl")
    assert said(report) == ["d.jsonl:2: needs a sandbox, files or a setup script, which are not converted"]
    assert len(tool.task("d").samples) == 1
