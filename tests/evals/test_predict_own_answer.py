"""The strategy of the task `self_prediction`, with scripted replies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.folder import Folder

SOURCE = Path(__file__).parents[2] / "evals-introspection"


@pytest.fixture
def task(folder: Folder) -> Folder:
    """The first sample of the task (tea or coffee), its strategy and its prompts."""
    for name in ("conftest.py", "self_prediction.yaml"):
        folder.write(f"evals/{name}", (SOURCE / name).read_text())
    shutil.copytree(SOURCE / "prompts", folder.path / "evals" / "prompts")
    folder.write("evals/self_prediction.jsonl", (SOURCE / "self_prediction.jsonl").read_text().partition("\n")[0])
    return folder


@pytest.mark.parametrize(
    ("prediction", "choice", "outcome", "output"),
    [
        ("B", "A", "correct", "same"),
        ("A) coffee", "B.", "correct", "same"),
        ("I would say tea.", "tea", "correct", "same"),
        ("A", "A", "incorrect", "different"),
        ("A or B", "A", "unscored", None),
        ("B", "neither", "unscored", None),
    ],
)
def test_a_prediction_comes_true_if_it_names_the_same_option(task, prediction, choice, outcome, output):
    """The prediction has the options in the other order: the same letter twice is a wrong prediction."""
    rules = [
        {"contains": "Someone asks you to choose between coffee and tea.", "reply": prediction},
        {"contains": "A) tea", "reply": choice},
    ]
    task.write("replies.json", {"rules": rules})
    task.command("run", "evals", "--provider", "scripted:replies.json", "--gate", "off")
    (record,) = task.records()
    assert (record["outcome"], record["output"]) == (outcome, output)
    assert json.dumps(record["answer_metadata"]).count("null") == (1 if outcome == "unscored" else 0)
