"""Detection of task files and of lm-evaluation-harness tasks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile import (
    is_collected,
    is_foreign_harness,
    is_nearly_task_file,
    is_task_file,
    load_task,
)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "task: x\n", True),
        ("a.yml", "# words\n---\ntask:\n", True),
        ("a.yaml", "\ufeff'task' : x", True),
        ("a.yaml", "task: [\n", True),
        ("a.yaml", "other:\n  task: x\n", False),
        ("a.yaml", "tasks: x\ntask:x\n", False),
        ("a.yaml", "# words\n\ttask: x\n\tsamples: []\n", True),
        ("a.yaml", "other: [1]\nlist:\n\t- task: x\n", False),
        ("a.txt", "task: x\n", False),
        ("a.json", json.dumps({"description": "x" * 70_000, "task": "x"}), True),
        ("a.json", '{"task": "x"}', True),
        ("a.json", '{"samples": [{"task": 1}], "task": null', True),
        ("a.json", '{"samples": [{"task": 1}], "a": "\\"task\\": {"}', False),
        ("a.json", '[{"task": "x"}]', False),
        ("a.json", '{"schema": 1, "task": "x"}', False),
        ("a.json", "", False),
    ],
)
def test_task_files_are_detected(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    """A file with a top-level `task` key is a task file; data files, snapshots and other files are not."""
    (tmp_path / name).write_text(text)
    assert is_task_file(tmp_path / name) is expected


def test_folders_and_missing_files_are_not_task_files(tmp_path: Path) -> None:
    """A folder named like a task file and a missing file are not task files."""
    (tmp_path / "a.yaml").mkdir()
    assert not is_task_file(tmp_path / "a.yaml")
    assert not is_task_file(tmp_path / "b.yaml")


def test_utf_16_is_detected_and_refused(tmp_path: Path) -> None:
    """A task file saved as UTF-16 is not ignored silently."""
    (tmp_path / "a.yaml").write_text("task: x\n", encoding="utf-16")
    assert is_task_file(tmp_path / "a.yaml")
    with pytest.raises(TaskError, match="is not UTF-8"):
        load_task(tmp_path / "a.yaml", tmp_path)


def test_harness_task_is_pointed_out(tmp_path: Path) -> None:
    """The message for an lm-evaluation-harness task names the format and promises no missing feature."""
    path = tmp_path / "a.yaml"
    path.write_text("task: boolq\ndataset_path: super_glue\ndoc_to_text: !function utils.text\n")
    assert is_foreign_harness(path)
    with pytest.raises(TaskError, match=r"lm-evaluation-harness task.*write its `samples:` and `prompt:`"):
        load_task(path, tmp_path)


def test_own_task_is_not_foreign(tmp_path: Path) -> None:
    """A task file is not mistaken for an lm-evaluation-harness task."""
    (tmp_path / "a.yaml").write_text("task: x\nsamples: []\n")
    assert not is_foreign_harness(tmp_path / "a.yaml")


def test_detection_imports_nothing_heavy(tmp_path: Path) -> None:
    """Detecting task files imports neither pydantic nor PyYAML nor Jinja2."""
    code = (
        "import sys; from pathlib import Path; from pytest_hiddenlayer.taskfile import is_task_file;"
        "is_task_file(Path('x.yaml')); sys.exit(bool({'pydantic', 'yaml', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        "{task: u, samples: [{id: a, input: x}], scorers: [exact]}\n",
        '# words\n---\n{"samples": [], "scorers": ["exact"], "task": "u"}\n',
        "%YAML 1.1\n--- {scorers: [exact], 'task': u}\n",
        "\n   task: u\n   samples: rows.jsonl\n",
        "&whole\nsamples: []\n? task\n: u\n",
        '{\n  samples:\n    [{input: "task"}],\n  "task"\n  : u\n}\n',
    ],
)
def test_every_style_of_yaml_is_detected(tmp_path: Path, text: str) -> None:
    """Flow style, JSON inside YAML, indentation, document marks and anchors do not hide the key `task`."""
    (tmp_path / "a.yaml").write_text(text)
    assert is_task_file(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    "text",
    ["- task: u\n", "a: {task: u}\n", "a: |\n  {task: u}\n", "[{task: u}]\n", "a: 'task: u'\n"],
)
def test_nested_keys_are_not_detected(tmp_path: Path, text: str) -> None:
    """A key `task` below the top level, in a list or in a text makes no task file."""
    (tmp_path / "a.yaml").write_text(text)
    assert not is_task_file(tmp_path / "a.yaml")


@pytest.mark.parametrize("suffix", ["YAML", "Yml", "JSON"])
def test_suffixes_are_read_in_any_case(tmp_path: Path, suffix: str) -> None:
    """T.YAML, t.Yml and t.JSON are task files."""
    (tmp_path / f"t.{suffix}").write_text('{"task": "u"}')
    assert is_collected(tmp_path / f"t.{suffix}")


def test_last_key_of_a_long_json_file_is_found(tmp_path: Path) -> None:
    """A JSON file with sorted keys names its task after all its samples."""
    samples = [{"input": "x" * 1000, "target": "y"}] * 200
    (tmp_path / "t.json").write_text(json.dumps({"samples": samples, "scorers": ["exact"], "task": "t"}))
    assert is_task_file(tmp_path / "t.json")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "", True),
        ("a.yaml", "\ufeff# task: x\n---\n\n", True),
        ("a.yaml", "tasks: x\n", True),
        ("a.yaml", "Task: x\n", True),
        ("a.yaml", "{TASK: x}\n", True),
        ("a.json", '{"samples": [], "scorers": []}', True),
        ("a.yaml", "task: x\n", False),
        ("a.yaml", "name: x\n", False),
        ("a.yaml", "dataset_path: x\ntask_alias: y\n", False),
        ("a.json", '{"schema": 1, "scorers": []}', False),
        ("a.jsonl", "", False),
    ],
)
def test_files_that_lack_only_the_key_are_nearly_task_files(
    tmp_path: Path, name: str, text: str, expected: bool
) -> None:
    """An empty file and one with `tasks`, `Task` or scorers are nearly task files; others are not."""
    (tmp_path / name).write_text(text)
    assert is_nearly_task_file(tmp_path / name) is expected
