"""SmolLM2 learns a small task that it lacks: which team answers a customer's message."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from support.smollm2 import require_smollm2

from pytest_hiddenlayer import evaluate_task
from pytest_hiddenlayer.finetuning.run import finetune
from pytest_hiddenlayer.stats.exact_tests import sign_test

FOLDER = Path(__file__).parents[2] / "evals-finetuning"


def test_the_files_are_those_of_the_script(tmp_path, monkeypatch):
    """`make_tickets.py` writes the committed files, byte for byte."""
    spec = importlib.util.spec_from_file_location("make_tickets", FOLDER / "make_tickets.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    make.main()
    for name in ("tickets.jsonl", "tickets_train.jsonl"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_no_message_is_on_both_sides():
    """No message of the eval is in the training split."""
    judged, trained = (
        {json.loads(line)["input"] for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()}
        for name in ("tickets.jsonl", "tickets_train.jsonl")
    )
    assert len(judged) == 40
    assert not judged & trained


@pytest.mark.slow
def test_smollm2_learns_tickets(tmp_path):
    """LoRA takes SmolLM2 from nearly no right answer to more than half; the paired test is significant."""
    model = require_smollm2()
    for path in FOLDER.glob("tickets*"):
        shutil.copy(path, tmp_path)
    task = tmp_path / "tickets.yaml"
    result = finetune(
        tmp_path / "tickets_train.jsonl",
        task=task,
        eval_tasks=[task],
        model=model,
        output=tmp_path / "adapter",
        rank=8,
        batch_size=8,
        learning_rate=5e-4,
        epochs=6,
    )
    assert result.left_out.get("contaminated", 0) == 0
    before, after = (
        {
            record.sample_id: record.outcome == "correct"
            for record in evaluate_task(task, cwd=tmp_path, provider=provider).records
        }
        for provider in (f"mlx:{model}", f"mlx:{model}:{result.folder}")
    )
    won = sum(after[name] and not before[name] for name in before)
    lost = sum(before[name] and not after[name] for name in before)
    assert sum(before.values()) < 0.2 * len(before)
    assert sum(after.values()) > 0.5 * len(after)
    assert sign_test(lost, won) < 0.001
