"""openai/evals registry files and samples become tasks that score as their class does."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Tool, prompt, said, score

QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of Norway?"}]
CLASSES = {
    "Match": "evals.elsuite.basic.match:Match",
    "Includes": "evals.elsuite.basic.includes:Includes",
    "FuzzyMatch": "evals.elsuite.basic.fuzzy_match:FuzzyMatch",
    "MultipleChoice": "evals.elsuite.multiple_choice:MultipleChoice",
    "ModelBasedClassify": "evals.elsuite.modelgraded.classify:ModelBasedClassify",
}
SPEC = """
{name}:
  prompt: |-
    Task: {{input}}
    Answer: {{completion}}
    Criterion: {{criteria}} {{{{as a set {{{{}}}}}}}}
    Is it met?
  choice_strings: {strings}
  choice_scores: {scores}
  input_outputs: {{input: completion}}
"""


def registry(tool: Tool, kind: str, samples: list[dict[str, Any]], **args: Any) -> None:
    """Write a registry with one eval."""
    tool.write("registry/data/capitals/samples.jsonl", samples)
    lines = "".join(
        f"    {key}: {value}\n" for key, value in {"samples_jsonl": "capitals/samples.jsonl", **args}.items()
    )
    tool.write(
        "registry/evals/capitals.yaml",
        "capitals:\n  id: capitals.dev.v0\n  description: Capitals of countries\n"
        f"capitals.dev.v0:\n  class: {CLASSES.get(kind, kind)}\n  args:\n{lines}",
    )


@pytest.mark.parametrize(
    ("kind", "args", "outputs"),
    [
        ("Match", {}, {"Oslo it is": 1.0, "Christiania": 1.0, "It is Oslo": 0.0, "oslo": 0.0}),
        ("Includes", {}, {"It is Oslo": 1.0, "xOslox": 1.0, "oslo": 0.0}),
        ("Includes", {"ignore_case": "true"}, {"It is oslo": 1.0, "Bern": 0.0}),
        ("FuzzyMatch", {}, {"oslo, of course": 1.0, "Bern": 0.0}),
    ],
)
def test_classes(tool: Tool, kind: str, args: dict[str, str], outputs: dict[str, float]) -> None:
    """An output is correct if the class accepts it for any of the ideal answers."""
    registry(tool, kind, [{"input": QUESTION, "ideal": ["Oslo", "Christiania"]}], **args)
    tool.convert("registry")
    task = tool.task("capitals")
    assert {text: score(task, text) for text in outputs} == outputs
    assert task.description == "Capitals of countries"
    assert prompt(task) == "system: Be brief.\nuser: Capital of Norway?"


def test_fuzzy_match_says_what_differs(tool: Tool) -> None:
    """FuzzyMatch also accepts a part of the ideal, which is said."""
    registry(tool, "FuzzyMatch", [{"input": QUESTION, "ideal": "Oslo"}])
    report = tool.convert("registry")
    assert report.files[0].status == "partly"
    assert "only a part of the ideal" in said(report)[0]


def test_few_shot_examples_precede_the_question(tool: Tool) -> None:
    """Few-shot messages come before the last message; named example messages become turns."""
    shot = [
        {"role": "system", "name": "example_user", "content": "Capital of Italy?"},
        {"role": "system", "name": "example_assistant", "content": "Rome"},
    ]
    tool.write("registry/data/capitals/shots.jsonl", [{"sample": shot}, {"sample": shot}])
    registry(
        tool, "Match", [{"input": QUESTION, "ideal": "Oslo"}], num_few_shot=1, few_shot_jsonl="capitals/shots.jsonl"
    )
    tool.convert("registry")
    assert prompt(tool.task("capitals")).splitlines() == [
        "system: Be brief.",
        "user: Capital of Italy?",
        "assistant: Rome",
        "user: Capital of Norway?",
    ]


@pytest.mark.parametrize(
    ("strings", "scores", "scale", "verdicts"),
    [
        ("YN", '{"Y": 1.0, "N": 0.0}', [0, 1], ['[[1]] if it is "Y"', '[[0]] if it is "N"']),
        ("[Good, Fair, Bad]", "{Good: 1.0, Fair: 0.5, Bad: 0}", [0, 2], ['[[1]] if it is "Fair"']),
        ("'12345'", "from_strings", [0, 4], ['[[4]] if it is "5"', '[[0]] if it is "1"']),
        ("ABC", "{A: 1.0, B: 0.8, C: 0.2}", [0, 4], ['[[3]] if it is "B"']),
    ],
)
def test_a_model_graded_spec(tool: Tool, strings: str, scores: str, scale: list[int], verdicts: list[str]) -> None:
    """The choices of a specification become a scale, and its fields those of a judge's prompt."""
    tool.write("registry/modelgraded/met.yaml", SPEC.format(name="met", strings=strings, scores=scores))
    registry(tool, "ModelBasedClassify", [{"input": QUESTION, "criteria": "Names a city."}], modelgraded_spec="met")
    report = tool.convert("registry")
    task = tool.task("capitals")
    params = task.scorers[0].params
    assert params["scale"] == scale
    assert all(verdict in params["prompt"] for verdict in verdicts)
    assert "Task: {question}\nAnswer: {answer}\nCriterion: {ref_answer_1} { as a set" in params["prompt"]
    assert task.samples[0].target == "Names a city."
    assert report.ignored == 2  # the specification and the samples belong to the eval


def test_constant_arguments_of_a_spec(tool: Tool) -> None:
    """`modelgraded_spec_args` are written into the judge's prompt."""
    tool.write("registry/modelgraded/met.yaml", SPEC.format(name="met", strings="YN", scores='{"Y": 1, "N": 0}'))
    registry(
        tool,
        "ModelBasedClassify",
        [{"input": QUESTION, "completion": "Oslo"}],
        modelgraded_spec="met",
        modelgraded_spec_args="{criteria: Names a city.}",
    )
    tool.convert("registry")
    task = tool.task("capitals")
    assert "Criterion: Names a city." in task.scorers[0].params["prompt"]
    assert dict(task.outputs or {}) == {"0": ("Oslo",)}


@pytest.mark.parametrize(
    ("kind", "args", "reason"),
    [
        ("MultipleChoice", {"dataset": "hf://some_set?split=test"}, "hub dataset 'hf://some_set?split=test'"),
        ("evals.elsuite.mmmu.eval:MMMU", {}, "images"),
        ("evals.elsuite.own:Own", {}, "only its own Python code can score it"),
        ("Match", {"samples_jsonl": "../../../secret.jsonl"}, "outside the folder"),
        ("Match", {"samples_jsonl": "az://bucket/samples.jsonl"}, "nothing is downloaded"),
        ("Match", {"samples_jsonl": "missing.jsonl"}, "'missing.jsonl'"),
        ("ModelBasedClassify", {"modelgraded_spec": "absent"}, "'absent'"),
    ],
)
def test_what_is_refused_and_why(tool: Tool, kind: str, args: dict[str, str], reason: str) -> None:
    """An eval that cannot be expressed is named with its line and the reason."""
    (tool.path / "secret.jsonl").write_text('{"input": "a", "ideal": "b"}\n')
    registry(tool, kind, [{"input": QUESTION, "ideal": "Oslo"}], **args)
    report = tool.convert("registry/evals/capitals.yaml")
    (text,) = said(report)
    assert reason in text
    assert text.split(":")[:2] in (["evals/capitals.yaml", str(line)] for line in range(4, 9))
    assert report.exit_status == 1


def test_a_spec_without_scores_is_refused(tool: Tool) -> None:
    """A specification that only counts choices does not say which answer is right."""
    spec = SPEC.format(name="met", strings="ABC", scores="null")
    tool.write("registry/modelgraded/met.yaml", spec)
    registry(tool, "ModelBasedClassify", [{"input": QUESTION, "criteria": "x"}], modelgraded_spec="met")
    report = tool.convert("registry")
    assert "only counts choices" in said(report)[0]


def test_one_refused_eval_leaves_the_others(tool: Tool) -> None:
    """A file with several evals converts those that it can, and its status is `partly`."""
    registry(tool, "Match", [{"input": QUESTION, "ideal": "Oslo"}])
    path = tool.path / "theirs/registry/evals/capitals.yaml"
    path.write_text(path.read_text() + "capitals.mmmu.v1:\n  class: evals.elsuite.mmmu.eval:MMMU\n  args: {}\n")
    report = tool.convert("registry")
    assert report.files[0].status == "partly"
    assert (report.exit_status, tool.tasks()) == (1, ["capitals"])


def test_samples_without_a_registry(tool: Tool) -> None:
    """Samples by themselves are converted with the most frequent class, which is said."""
    tool.write(
        "capitals/samples.jsonl", [{"input": "Capital of Norway?", "ideal": "Oslo"}, {"input": "x", "ideal": None}]
    )
    report = tool.convert("capitals/samples.jsonl")
    assert score(tool.task("capitals-samples"), "Oslo.") == 1.0
    assert "samples.jsonl:2: row 1 has no ideal answer" in said(report)
    assert any(not remark.left_out and "begins with" in remark.message for remark in report.files[0].remarks)


@pytest.mark.parametrize(
    "content",
    [[{"type": "image_url", "image_url": "x"}], None, [{"type": "text"}]],
)
def test_messages_that_are_no_text(tool: Tool, content: Any) -> None:
    """A sample with images is left out with its line; the others stay."""
    rows = [{"input": QUESTION, "ideal": "a"}, {"input": [{"role": "user", "content": content}], "ideal": "b"}]
    tool.write("s.jsonl", rows)
    report = tool.convert("s.jsonl")
    assert said(report)[0].startswith("s.jsonl:2: row 1 has")
    assert len(tool.task("s").samples) == 1
