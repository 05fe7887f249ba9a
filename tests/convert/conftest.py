"""What the tests of conversions share: files of another tool, converted, loaded and scored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.convert import Options, Report, convert
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.taskfile import load_task, render_prompt
from pytest_hiddenlayer.types import Task


@dataclass
class Tool:
    """A folder with another tool's files."""

    path: Path

    def write(self, name: str, content: Any) -> Path:
        """Write a file: text as it is, a list of rows as JSONL if the name says so, anything else as JSON."""
        path = self.path / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            is_rows = name.endswith(".jsonl")
            content = "\n".join(map(json.dumps, content)) if is_rows else json.dumps(content, indent=1)
        path.write_text(content, encoding="utf-8")
        return path

    def convert(self, name: str = ".", **options: Any) -> Report:
        """Convert a file, or the whole folder, into the folder `ours`."""
        options.setdefault("output", self.path / "ours")
        return convert(self.path / "theirs" / name, Options(**options))

    def task(self, name: str) -> Task:
        """Load a task that a conversion wrote."""
        return load_task(self.path / "ours" / f"{name}.yaml", self.path / "ours")

    def tasks(self) -> list[str]:
        """The names of all tasks that were written."""
        return sorted(path.stem for path in (self.path / "ours").glob("*.yaml"))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """A folder of another tool."""
    return Tool(tmp_path)


def score(task: Task, output: str, number: int = 0) -> float | None:
    """The headline score of an output of the n-th sample."""
    scorer = build_scorer(task.scorers[0])
    return asyncio.run(scorer.score(output, task.samples[number])).value


def prompt(task: Task, number: int = 0) -> str:
    """The text of the n-th sample's prompt, roles in front if there are several messages."""
    messages = render_prompt(task, task.samples[number])
    return messages[0].content if len(messages) == 1 else "\n".join(f"{m.role}: {m.content}" for m in messages)


def said(report: Report) -> list[str]:
    """Everything that is left out or refused, as `file:line: message`."""
    return [str(r) for file in report.files for r in [*file.refused, *file.remarks] if getattr(r, "left_out", True)]
