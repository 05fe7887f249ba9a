"""The bundled model learns a family of questions that it lacks."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

from pytest_hiddenlayer import evaluate_task
from pytest_hiddenlayer.finetuning.fuse import fuse_adapter
from pytest_hiddenlayer.finetuning.run import finetune
from pytest_hiddenlayer.stats.exact_tests import sign_test

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "evals-finetuning"


def questions(name):
    """The questions of a file."""
    return [json.loads(line)["input"] for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_the_files_are_those_of_the_script(tmp_path, monkeypatch):
    """`make_units.py` writes the committed files, byte for byte."""
    spec = importlib.util.spec_from_file_location("make_units", FOLDER / "make_units.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    make.main()
    for name in ("units.jsonl", "units_train.jsonl"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_no_number_is_on_both_sides():
    """No number of an eval question occurs in a training question."""
    judged, trained = (set(re.findall(r"\d+", " ".join(questions(n)))) for n in ("units.jsonl", "units_train.jsonl"))
    assert judged
    assert not judged & trained


@pytest.mark.slow
def test_the_bundled_model_learns_units(tmp_path):
    """LoRA takes the bundled model from nearly no right answer to more than half; the paired test is significant."""
    for path in FOLDER.glob("units*"):
        shutil.copy(path, tmp_path)
    task = tmp_path / "units.yaml"
    result = finetune(
        tmp_path / "units_train.jsonl",
        task=task,
        eval_tasks=[task],
        output=tmp_path / "adapter",
        learning_rate=3e-3,
        epochs=6,
    )
    assert result.left_out.get("contaminated", 0) == 0
    fuse_adapter(result.folder, tmp_path / "fused")
    before, after = (
        {
            record.sample_id: record.outcome == "correct"
            for record in evaluate_task(task, cwd=tmp_path, provider=m).records
        }
        for m in ("mlx", f"mlx:{tmp_path / 'fused'}")
    )
    won = sum(after[name] and not before[name] for name in before)
    lost = sum(before[name] and not after[name] for name in before)
    assert sum(before.values()) < 0.05 * len(before)
    assert sum(after.values()) > 0.5 * len(after)
    assert sign_test(lost, won) < 0.001
