"""Published data sets load without changes to their files."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.published_data import FOLDER, needs_data

from pytest_hiddenlayer.taskfile import load_task, prompt_text, render_prompt
from pytest_hiddenlayer.types import Task

pytestmark = needs_data("gsm8k_200", "bbh_5", "mt_bench")


def load(folder: Path, text: str, *files: str) -> Task:
    for file in files:
        shutil.copy(FOLDER / file, folder)
    (folder / "t.yaml").write_text(f"task: t\n{text}\n")
    return load_task(folder / "t.yaml", folder)


def test_gsm8k_has_200_samples(tmp_path: Path) -> None:
    """GSM8K loads with `fields`, `target_pattern` and a model's recorded outputs."""
    text = (
        "samples: test.jsonl\nfields: {input: question, target: answer}\ntarget_pattern: '####\\s*(.+)$'\n"
        "outputs: outputs_6b_finetuning.jsonl\nscorers: [numeric]"
    )
    task = load(tmp_path, text, "gsm8k_200/test.jsonl", "gsm8k_200/outputs_6b_finetuning.jsonl")
    assert len(task.samples) == 200
    assert (task.samples[0].id, task.samples[0].target) == ("gsm8k-0000", "18")
    assert task.outputs is not None
    assert len(task.outputs) == 200


def test_big_bench_hard_matches_its_outputs(tmp_path: Path) -> None:
    """`id_prefix` gives BIG-Bench-Hard's examples the ids of their recorded outputs."""
    text = (
        "samples: object_counting.json\nid_prefix: object_counting-\n"
        "outputs: object_counting_codex_cot.jsonl\nscorers: [exact]"
    )
    task = load(tmp_path, text, "bbh_5/object_counting.json", "bbh_5/object_counting_codex_cot.jsonl")
    assert len(task.samples) == 250
    assert task.samples[0].target == "8"
    assert task.outputs is not None
    assert "14. So the answer is 14." in task.outputs["object_counting-0"][0]


def test_mt_bench_turns_are_reached_by_path(tmp_path: Path) -> None:
    """A dotted path selects MT-Bench's first turn from a list."""
    text = "samples: question.jsonl\nfields: {id: question_id, input: turns.0, group: category}\n"
    text += "scorers: [exact]"
    task = load(tmp_path, text, "mt_bench/question.jsonl")
    assert (task.samples[0].id, task.samples[0].group) == ("81", "writing")
    assert prompt_text(render_prompt(task, task.samples[0])).startswith("Compose an engaging travel blog post")
