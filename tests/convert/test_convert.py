"""`hiddenlayer convert`: what it prints, writes and refuses, whatever the format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer.convert import FORMATS
from pytest_hiddenlayer.convert.write import DOES_NOT_LOAD, OverwriteError

from .conftest import Tool, said

ROW = {"input": "1+1?", "target": "2"}


def jsonl(*rows: dict[str, Any]) -> str:
    """Rows as text."""
    return "\n".join(map(json.dumps, rows))


def test_a_converted_task_runs(folder: Folder) -> None:
    """What a conversion writes is collected, answered and scored."""
    folder.write("qa.jsonl", jsonl(ROW))
    folder.write("replies.json", {"rules": [{"contains": "1+1", "reply": "It is 2."}]})
    printed = folder.command("convert", "qa.jsonl", "--output", "evals")
    assert printed.ret == 0
    assert printed.outlines[0] == "qa.jsonl: converted (inspect, 1 task, 1 sample)"
    assert printed.outlines[-1] == "1 file: 1 converted; 1 task written to evals"
    ran = folder.command("run", "--provider", "scripted:replies.json")
    assert ran.ret == 0
    assert folder.records()[0]["outcome"] == "correct"


def test_a_folder_prints_a_line_per_file(folder: Folder) -> None:
    """Each file is converted, partly converted or refused with its reasons; others are counted."""
    folder.write("theirs/good.jsonl", jsonl(ROW))
    folder.write("theirs/part.jsonl", jsonl(ROW, {**ROW, "files": {"a": "b"}}))
    folder.write("theirs/task.yaml", "task: t\ndataset_path: owner/t\ndoc_to_text: a\ndoc_to_target: b\n")
    folder.write("theirs/notes.jsonl", jsonl({"text": "x"}))
    printed = folder.command("convert", "theirs")
    lines = [line for line in printed.outlines if not line.startswith(" ")]
    assert lines == [
        "task.yaml: refused (lm-eval)",
        "good.jsonl: converted (inspect, 1 task, 1 sample)",
        "part.jsonl: partly (inspect, 1 task, 1 sample)",
        "3 files: 1 converted, 1 partly, 1 refused; 2 tasks written to converted; 1 other files ignored",
    ]
    assert any("part.jsonl:2: needs a sandbox" in line for line in printed.outlines)
    assert printed.ret == 1


def test_own_files_are_ignored(folder: Folder) -> None:
    """In a folder, task files of this project, the data files that they name and logs of runs are ignored."""
    own = {"task": "t", "samples": "own.jsonl", "outputs": "own.outputs.jsonl", "scorers": ["exact"]}
    folder.write("mine/own.yaml", json.dumps(own))
    folder.write("mine/own.jsonl", jsonl({"id": "a", **ROW}))
    folder.write("mine/own.outputs.jsonl", jsonl({"id": "a", "output": "2"}))
    folder.write("mine/table.json", json.dumps([ROW]))
    folder.write("mine/more.yml", json.dumps({"task": "u", "samples": {"file": "table.json"}, "scorers": ["exact"]}))
    folder.write("mine/records.jsonl", jsonl({"run_id": "r", "sample_id": "a", "scores": {}, **ROW}))
    folder.write("mine/theirs.jsonl", jsonl(ROW))
    printed = folder.command("convert", "mine")
    assert [line for line in printed.outlines if not line.startswith(" ")] == [
        "theirs.jsonl: converted (inspect, 1 task, 1 sample)",
        "1 file: 1 converted; 1 task written to converted; 6 other files ignored",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "own.yaml",
            "task: t\nsamples: [{input: a, target: b}]\nscorers: [exact]\n",
            "is a task file of this project",
        ),
        ("own.json", '{"task": "t", "samples": [], "scorers": ["exact"]}', "hiddenlayer run FILE"),
        ("log.jsonl", '{"run_id": "r", "sample_id": "a", "scores": {}}', "is the log of a run of this project"),
    ],
)
def test_an_own_file_needs_no_conversion(folder: Folder, name: str, content: str, message: str) -> None:
    """A task file or a run log of this project is named as such, with the command that reads it."""
    folder.write(name, content)
    printed = folder.command("convert", name)
    assert printed.ret == 4
    assert message in printed.errlines[0]


def test_check_writes_nothing(folder: Folder) -> None:
    """With --check and --json, nothing is written and the report is JSON."""
    folder.write("qa.jsonl", jsonl(ROW))
    folder.command("convert", "qa.jsonl", "--check").stdout.fnmatch_lines(
        ["*1 task found, nothing written (--check)"]
    )
    printed = folder.command("convert", "qa.jsonl", "--check", "--json")
    report = json.loads("\n".join(printed.outlines))
    assert report["files"][0]["status"] == "converted"
    assert report["files"][0]["tasks"] == [{"name": "qa", "file": "qa.yaml", "samples": 1, "outputs": 0}]
    assert folder.files() == ["qa.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.yaml"], "absent.yaml: no such file or folder"),
        (["notes.txt"], "is in none of the formats"),
        (["typo.jsonl"], "such as --from recordings, which says what is wrong"),
        (["nothing.yaml"], "nothing.yaml: is empty; name a file"),
        (["empty"], "none of its files is in a known format"),
        (["qa.jsonl", "--from", "inspekt"], "did you mean 'inspect'?"),
        (["qa.jsonl", "--data", "absent"], "--data absent: no such file or folder"),
        (["qa.jsonl", "--fields", "inputs=a"], "write FIELD=COLUMN"),
        (["base.yaml"], "a part that other files include"),
        (["qa.jsonl", "--output", "."], "qa.jsonl exists and was not written by a conversion"),
    ],
)
def test_wrong_usage(folder: Folder, arguments: list[str], message: str) -> None:
    """Without a usable file, or with a wrong option, the status is 4 and one sentence says why."""
    folder.write("qa.jsonl", jsonl(ROW))
    folder.write("notes.txt", "text")
    folder.write("typo.jsonl", jsonl({"id": "a", "target": "4", "sample": ["4"]}))
    folder.write("nothing.yaml", "")
    folder.write("empty/notes.md", "text")
    folder.write("base.yaml", "doc_to_text: a\n")
    printed = folder.command("convert", *arguments)
    assert printed.ret == 4
    assert message in "\n".join([*printed.outlines, *printed.errlines])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".json", "[]"),
        (".json", "{}"),
        (".json", '{"examples": 3, "eval": {}, "prompts": {"a": []}, "tests": [[]]}'),
        (".json", "[" * 100_000),
        (".yaml", "a: &a [x]\nb: [*a, *a]\ntests: 3\nprompts: [[3]]\n"),
        (".yaml", "task: {a: b}\ninclude: [a, {b: c}]\ndoc_to_text: [x]\n"),
        (".yaml", "x: {class: 3}\ny: {class: 'evals.elsuite.basic.match:Match', args: [1]}\n"),
        (".yaml", "!!python/object/apply:os.system ['touch pwned']\n"),
        (".yaml", "- 1\n"),
        (".yaml", ""),
        (".jsonl", "3\n"),
        (".jsonl", '{"input": 3, "ideal": {}, "turns": 3, "target": [], "choices": {"a": 1}}\n'),
        (".jsonl", '{"input": [{"role": 3}], "ideal": [null], "instruction": [], "output": {}}\n'),
        (".csv", "__expected,a\n(((:,3\n"),
        (".eval", "PK"),
    ],
)
def test_hostile_files_of_every_format(tool: Tool, name: str, suffix: str, content: str) -> None:
    """Whatever a file holds, and whichever format it is said to have, there is a report with a reason."""
    tool.write(f"x{suffix}", content)
    report = tool.convert(f"x{suffix}", format=name)
    (file,) = report.files
    assert file.tasks or file.refused
    assert not any(DOES_NOT_LOAD in text for text in said(report)), said(report)
    assert not (tool.path / "pwned").exists()


def test_links_out_of_the_folder(tool: Tool) -> None:
    """A link in a folder is not followed, and a named one that leads out of its folder is refused."""
    secret = tool.path / "secret.jsonl"
    secret.write_text(jsonl(ROW))
    tool.write("good.jsonl", jsonl(ROW))
    (tool.path / "theirs" / "link.jsonl").symlink_to(secret)
    assert [file.file for file in tool.convert().files] == ["good.jsonl"]


def test_files_that_are_too_large(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration beyond the limit is refused without being read."""
    monkeypatch.setattr("pytest_hiddenlayer.convert.files.MAX_CONFIG", 100)
    tool.write("qa.yaml", f"task: x\ndoc_to_text: {'y' * 200}\n")
    report = tool.convert("qa.yaml")
    assert "too large" in said(report)[0]


def test_a_file_of_someone_else_is_not_replaced(tool: Tool) -> None:
    """An earlier conversion is replaced; a file that no conversion wrote is not."""
    tool.write("qa.jsonl", jsonl(ROW))
    tool.convert("qa.jsonl")
    tool.convert("qa.jsonl")
    (tool.path / "ours" / "qa.yaml").write_text("task: mine\n")
    with pytest.raises(OverwriteError, match=r"qa\.jsonl exists and was not written by a conversion"):
        tool.convert("qa.jsonl")


def test_equal_names_stay_apart(tool: Tool) -> None:
    """Two tasks of one name get different files."""
    tool.write("a/samples.jsonl", jsonl({"input": "x", "target": "y"}))
    tool.write("b/samples.jsonl", jsonl({"input": "x", "target": "z"}))
    tool.convert()
    assert tool.tasks() == ["samples", "samples-2"]


@pytest.mark.parametrize(
    "text", ["no", "1.10", "a: b", "- x", "é\n\n  two", "{{ x }}", "\ttab", "'", "null", "a\u2028b"]
)
def test_texts_survive(tool: Tool, text: str) -> None:
    """Inputs and targets are those of the file, character by character."""
    tool.write("qa.jsonl", jsonl({"input": text, "target": text}))
    tool.convert("qa.jsonl")
    (sample,) = tool.task("qa").samples
    assert (sample.input, sample.target) == (text, text)


def test_samples_that_no_scorer_can_judge(tool: Tool) -> None:
    """A sample that the scorer could never score is left out with its line."""
    tool.write("qa.jsonl", jsonl(ROW, {"input": "x", "target": "Z", "choices": ["a", "b"]}, {**ROW, "target": "  "}))
    report = tool.convert("qa.jsonl")
    assert tool.tasks() == ["qa"]
    assert any("qa.jsonl:2: qa-choices: no sample can be scored" in text for text in said(report)), said(report)
    assert any("qa.jsonl:3: qa: 1 sample (line 3) cannot be scored" in text for text in said(report)), said(report)


def test_ids_that_are_no_ids(tool: Tool) -> None:
    """An id that appears twice or cannot be one gets another name, which is said."""
    tool.write("qa.jsonl", jsonl({**ROW, "id": "a"}, {**ROW, "id": "a"}, {**ROW, "id": "x::y"}))
    report = tool.convert("qa.jsonl")
    assert [sample.id for sample in tool.task("qa").samples] == ["a", "a-2", "2"]
    notes = [str(remark) for remark in report.files[0].remarks]
    assert "qa.jsonl:2: the id 'a' appears again; it is 'a-2' here" in notes
