"""BIG-bench, BIG-Bench-Hard, MT-Bench and AlpacaEval files become tasks."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Tool, prompt, said, score


def big_bench(**fields: Any) -> dict[str, Any]:
    """A BIG-bench task."""
    base = {"canary": "guid", "name": "sky", "description": "Colours", "keywords": [], "metrics": ["exact_str_match"]}
    return {**base, "examples": [{"input": "Sky?", "target": ["blue", "Blue"]}], **fields}


def test_big_bench_exact(tool: Tool) -> None:
    """Prompts have BIG-bench's prefixes, and any of the targets is correct."""
    tool.write("sky/task.json", big_bench(task_prefix="Answer {{it}}.\n", stop_string="\n"))
    report = tool.convert("sky/task.json")
    task = tool.task("sky")
    assert report.files[0].status == "converted"
    assert prompt(task) == "Answer {{it}}.\n\nQ: Sky?\nA: "
    assert [score(task, text) for text in ("Blue", "red")] == [1.0, 0.0]
    assert task.generate.stop == ("\n",)


def test_big_bench_output_regex(tool: Tool) -> None:
    """The answer is what output_regex finds first."""
    tool.write("sky/task.json", big_bench(output_regex="blue|red"))
    tool.convert("sky/task.json")
    assert [score(tool.task("sky"), text) for text in ("It is blue, not red", "red, not blue")] == [1.0, 0.0]


def test_big_bench_choices(tool: Tool) -> None:
    """The choice with the best of `target_scores` is correct; choices are listed as BIG-bench lists them."""
    examples = [{"input": "Sky?", "target_scores": {"red": 0, "blue": 1, "sky": 1}}]
    tool.write("sky/task.json", big_bench(examples=examples, metrics=["multiple_choice_grade", "bleu"]))
    report = tool.convert("sky/task.json")
    task = tool.task("sky")
    assert prompt(task) == "\nQ: Sky?\n  choice: red\n  choice: blue\n  choice: sky\nA: "
    assert task.samples[0].target == ("B", "C")
    assert [score(task, text) for text in ("blue", "C", "red")] == [1.0, 1.0, 0.0]
    assert "the metric bleu has no scorer here" in said(report)[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"metrics": ["bleu", "rouge"]}, "its metrics (bleu, rouge) have no scorer here"),
        ({"examples": None}, "has no `examples`"),
        ({"examples": [{"input": "a"}]}, "no sample can be converted"),
    ],
)
def test_big_bench_refusals(tool: Tool, fields: dict[str, Any], reason: str) -> None:
    """Metrics without a scorer, groups without examples and examples without targets are refused."""
    tool.write("sky/task.json", big_bench(**fields))
    report = tool.convert("sky/task.json")
    assert report.exit_status == 1
    assert any(reason in text for text in said(report))


def test_big_bench_hard(tool: Tool) -> None:
    """The answer is what follows "answer is", without its final dot."""
    tool.write("sky.json", {"canary": "x", "examples": [{"input": "Sky? (A) red (B) blue", "target": "(B)"}]})
    tool.convert("sky.json")
    task = tool.task("sky")
    assert prompt(task) == "Sky? (A) red (B) blue"
    assert [score(task, text) for text in ("So the answer is (B).", "(B)", "(A)")] == [1.0, 1.0, 0.0]


QUESTIONS = [
    {"question_id": 81, "category": "writing", "turns": ["Write.", "Shorter."]},
    {"question_id": 82, "category": "math", "turns": ["1+1?", "And twice?"], "reference": ["2", "4"]},
]


def test_mt_bench(tool: Tool) -> None:
    """First turns are judged from 1 to 10, with the reference if there is one; second turns are named."""
    tool.write("mt/question.jsonl", QUESTIONS)
    report = tool.convert("mt/question.jsonl")
    plain, referenced = tool.task("mt"), tool.task("mt-reference")
    assert [task.samples[0].input for task in (plain, referenced)] == ["Write.", "1+1?"]
    assert (plain.scorers[0].params["scale"], referenced.scorers[0].params["reference"]) == ([1, 10], True)
    assert referenced.samples[0].target == "2"
    assert said(report)[0].startswith("question.jsonl:1: the second turn of 2 samples (lines 1, 2)")


def test_mt_bench_answers(tool: Tool) -> None:
    """Answers of models in the folder beside become recorded outputs, and reference answers targets."""
    tool.write("mt/question.jsonl", QUESTIONS[:1])
    answer = {"question_id": 81, "model_id": "m", "choices": [{"index": 0, "turns": ["A poem.", "Poem."]}]}
    tool.write("mt/model_answer/m.jsonl", [answer])
    tool.write("mt/reference_answer/gpt.jsonl", [answer])
    report = tool.convert("mt")
    assert tool.tasks() == ["mt-m-reference", "mt-reference"]
    assert dict(tool.task("mt-m-reference").outputs or {}) == {"81": ("A poem.",)}
    assert tool.task("mt-reference").samples[0].target == "A poem."
    assert report.ignored == 2


def alpaca(generator: str, output: str) -> list[dict[str, str]]:
    """A file of outputs."""
    return [{"instruction": "Name a colour.", "dataset": "d", "output": output, "generator": generator}]


def test_alpaca_eval(tool: Tool) -> None:
    """Outputs are recorded answers; without another model's outputs a judge rates them, which is said."""
    tool.write("model_outputs.json", alpaca("m-7b", "Blue."))
    report = tool.convert("model_outputs.json")
    task = tool.task("alpaca-eval-m-7b")
    assert dict(task.outputs or {}) == {"0": ("Blue.",)}
    assert task.scorers[0].name == "llm_judge"
    assert "name them with --data FILE" in said(report)[0]


def test_alpaca_eval_against_another_model(tool: Tool) -> None:
    """With another model's outputs the score is the win rate against them."""
    tool.write("model_outputs.json", alpaca("m-7b", "Blue."))
    tool.convert("model_outputs.json", data=tool.write("reference.json", alpaca("r", "Red.")))
    (scorer,) = tool.task("alpaca-eval-m-7b").scorers
    assert (scorer.name, dict(scorer.params["against"])) == ("win_rate", {"0": ("Red.",)})
