"""Tasks of lm-evaluation-harness become tasks with the same prompts, targets and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.convert.lm_eval.groups import one_group
from pytest_hiddenlayer.convert.report import Report

from .conftest import Tool, prompt, said, score

BASE = """
task: sums
dataset_path: owner/sums
test_split: test
fewshot_split: train
output_type: generate_until
doc_to_text: "Q: {{question}}\\nA:"
doc_to_target: "{{answer}}"
"""
ROWS = [{"question": "1+1?", "answer": "It is 2. #### 2"}, {"question": "1+2?", "answer": "#### 3"}]


def converted(tool: Tool, text: str, rows: list[dict[str, Any]] = ROWS) -> Report:
    """Convert a task with local data."""
    tool.write("tasks/sums/sums.yaml", text)
    return tool.convert("tasks/sums/sums.yaml", data=tool.write("data/test.jsonl", rows))


def test_a_generated_answer(tool: Tool) -> None:
    """The prompt stays a template over the data's columns; stop texts and greedy decoding are kept."""
    text = f"{BASE}generation_kwargs: {{until: ['Q:'], do_sample: false, max_gen_toks: 64}}\n"
    report = converted(tool, text, [{"question": "1+1?", "answer": "2"}])
    assert report.files[0].status == "converted", said(report)
    task = tool.task("sums")
    assert task.prompt == "Q: {{question}}\nA:"
    assert prompt(task) == "Q: 1+1?\nA:"
    assert dict(task.samples[0].metadata) == {"question": "1+1?"}
    assert (task.generate.temperature, task.generate.stop, task.generate.max_tokens) == (0.0, ("Q:",), 64)
    assert [score(task, text) for text in ("2", " 2 ", "It is 2")] == [1.0, 1.0, 0.0]


def test_filters_extract_the_answer(tool: Tool) -> None:
    """A regex filter becomes an extract rule; several pipelines become several scores."""
    text = (
        BASE.replace('"{{answer}}"', "\"{{answer.split('#### ')[-1]}}\"")
        + """
filter_list:
  - name: strict
    filter: [{function: regex, regex_pattern: 'answer is (\\w+)'}, {function: take_first}]
  - name: flexible
    filter: [{function: regex, group_select: -1, regex_pattern: '([a-z]+)|(\\d+)'}, {function: take_first}]
"""
    )
    converted(tool, text)
    task = tool.task("sums")
    assert [(spec.label, spec.params["extract"]["take"]) for spec in task.scorers] == [
        ("strict", "first"),
        ("flexible", "last"),
    ]
    assert [score(task, text) for text in ("The answer is 2", "2")] == [1.0, 0.0]


def test_ignored_characters_of_numbers(tool: Tool) -> None:
    """If the metric ignores how numbers are written, numbers are compared as numbers."""
    metric = "metric_list: [{metric: exact_match, regexes_to_ignore: [',', '\\$', '(?s).*#### ']}]\n"
    converted(tool, BASE + metric)
    task = tool.task("sums")
    assert [sample.target for sample in task.samples] == ["2", "3"]
    assert [score(task, text) for text in ("$2", "2.0", "3")] == [1.0, 1.0, 0.0]


def test_case_and_punctuation(tool: Tool) -> None:
    """`ignore_case` and `ignore_punctuation` of exact_match hold for the scorer."""
    metric = "metric_list: [{metric: exact_match, ignore_case: true, ignore_punctuation: true}]\n"
    converted(tool, BASE + metric, [{"question": "?", "answer": "Oslo"}])
    assert score(tool.task("sums"), "OSLO!") == 1.0


def test_a_majority_is_self_consistency(tool: Tool) -> None:
    """A majority over k answers is the strategy self_consistency, next to the first answer alone."""
    text = (
        BASE
        + """
repeats: 16
generation_kwargs: {do_sample: true, temperature: 0.2}
filter_list:
  - name: first
    filter: [{function: regex, regex_pattern: 'is (\\d+)'}, {function: take_first}]
  - name: maj@8
    filter:
      - {function: take_first_k, k: 8}
      - {function: regex, regex_pattern: 'is (\\d+)'}
      - {function: majority_vote}
      - {function: take_first}
"""
    )
    converted(tool, text)
    assert [(spec.name, dict(spec.params)) for spec in tool.task("sums").strategies] == [
        ("single", {}),
        ("self_consistency", {"n_samples": 8, "temperature": 0.2}),
    ]


def test_includes_go_up_within_the_tool(tool: Tool) -> None:
    """`include` may name a file of another folder of the same `tasks`; own fields take precedence."""
    tool.write("tasks/base.yaml", BASE)
    report = converted(tool, "include: ../base.yaml\ntask: sums_b\ndoc_to_text: 'B {{question}}'\n")
    assert prompt(tool.task("sums_b")) == "B 1+1?"
    assert report.files[0].status == "converted"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../secret.yaml", "outside the folder"),
        ("/etc/hostname", "not a relative file name"),
        ("absent.yaml", "does not exist"),
        ("sums.yaml", "includes more than 20 files"),
    ],
)
def test_includes_that_are_refused(tool: Tool, name: str, reason: str) -> None:
    """An include outside the tool's folder, of a missing file, or of itself is named with its line."""
    tool.write("secret.yaml", BASE)
    report = converted(tool, f"task: x\ninclude: {name}\n")
    assert report.exit_status == 1
    assert ":2: " in said(report)[0]
    assert reason in said(report)[0]


def test_few_shot_examples(tool: Tool) -> None:
    """Examples written in the task precede each prompt, with the delimiters of the harness."""
    text = (
        BASE
        + """
description: "Add.\\n\\n"
num_fewshot: 2
fewshot_config: {samples: [{question: '0+0?', answer: '0'}, {question: '{{x}}', answer: '1'}]}
"""
    )
    converted(tool, text, [{"question": "1+1?", "answer": "2"}])
    assert prompt(tool.task("sums")) == "Add.\n\nQ: 0+0?\nA: 0\n\nQ: {{x}}\nA: 1\n\nQ: 1+1?\nA:"


def test_few_shot_examples_of_local_data(tool: Tool) -> None:
    """Examples come from the split's file in the folder of data; if there is none, that is said."""
    tool.write("tasks/sums.yaml", f"{BASE}num_fewshot: 1\n")
    tool.write("data/test.jsonl", [{"question": "1+1?", "answer": "2"}])
    report = tool.convert("tasks/sums.yaml", data=tool.path / "theirs/data")
    assert "1 few-shot examples: they are not local" in said(report)[0]
    tool.write("data/train.jsonl", [{"question": "0+0?", "answer": "0"}])
    report = tool.convert("tasks/sums.yaml", data=tool.path / "theirs/data")
    assert report.files[0].status == "converted"
    assert prompt(tool.task("sums")) == "Q: 0+0?\nA: 0\n\nQ: 1+1?\nA:"


CHOICE = """
task: pick
dataset_path: owner/pick
validation_split: validation
output_type: multiple_choice
doc_to_text: "{{query}}"
doc_to_target: label
doc_to_choice: "{{choices.text}}"
metric_list: [{metric: acc}, {metric: acc_norm}]
"""


def test_multiple_choice_is_generated(tool: Tool) -> None:
    """Choices that the prompt lacks are listed with letters, and the report says that answers are generated."""
    row = {"query": "It is", "label": 1, "choices": {"text": [" red", " blue"]}}
    tool.write("tasks/pick.yaml", CHOICE)
    report = tool.convert("tasks/pick.yaml", data=tool.write("data.jsonl", [row]))
    task = tool.task("pick")
    assert prompt(task).splitlines()[:4] == ["It is", "", "Choices:", "A. red"]
    assert (task.samples[0].choices, task.samples[0].target) == (("red", "blue"), "B")
    assert [score(task, text) for text in ("B", "blue", "A")] == [1.0, 1.0, 0.0]
    assert any("scored by log-likelihood there" in text and ":5:" in text for text in said(report))


def test_a_column_named_choices(tool: Tool) -> None:
    """A column with the name of a sample's field is read by the prompt as the harness reads it."""
    text = CHOICE.replace("{{query}}", "{{choices.text|length}} options, {{query}}")
    tool.write("tasks/pick.yaml", text)
    row = {"query": "It is", "label": 0, "choices": {"text": ["red", "blue"]}}
    tool.convert("tasks/pick.yaml", data=tool.write("data.jsonl", [row]))
    assert prompt(tool.task("pick")).startswith("2 options, It is\n\nChoices:\nA. red\nB. blue")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("process_docs: !function utils.process_docs", "Python code (!function utils.process_docs)"),
        ("doc_to_text: !function utils.text", "Python code (!function utils.text)"),
        ("metric_list: [{metric: bleu}]", "its metrics (bleu) have no scorer here"),
        ("metric_list: [{metric: !function m.f}]", "!function m.f"),
        ("output_type: loglikelihood_rolling", "perplexity"),
        ("use_prompt: promptsource:x", "another package"),
        ("doc_to_image: [image]", "only text"),
        ("filter_list: [{name: f, filter: [{function: custom}]}]", "'custom' has no counterpart"),
        ("doc_to_target: '{{answer'", "doc_to_target"),
        ("doc_to_text: '{{ question.__class__.__mro__ }}'", "does not render"),
    ],
)
def test_what_is_refused_and_why(tool: Tool, line: str, reason: str) -> None:
    """Python code, other metrics and templates that reach for more are refused by name and line."""
    key = line.partition(":")[0]
    text = "".join(f"{kept}\n" for kept in BASE.splitlines() if not kept.startswith(f"{key}:")) + f"{line}\n"
    report = converted(tool, text)
    assert report.exit_status == 1
    assert any(reason in text for text in said(report)), said(report)
    assert tool.tasks() == []


def test_data_of_a_hub_are_asked_for(tool: Tool) -> None:
    """Without local data the task is refused with the dataset's name and what to do."""
    tool.write("tasks/sums.yaml", BASE)
    report = tool.convert("tasks")
    assert said(report) == [
        "sums.yaml:3: reads the hub dataset 'owner/sums', which is not here; download it and name its file or "
        "folder with --data"
    ]


def test_groups_and_templates(tool: Tool) -> None:
    """A group is refused with what to do; a file that others include is no task and is ignored."""
    tool.write("tasks/_all.yaml", "group: all\ntask: [sums]\n")
    tool.write("tasks/_template.yaml", BASE.replace("task: sums\n", ""))
    report = tool.convert("tasks")
    assert said(report) == ["_all.yaml:1: is a group of tasks; convert the files of its tasks"]
    assert report.ignored == 1


@pytest.mark.parametrize(
    ("pattern", "single"),
    [
        ("x", "(x)"),
        ("is (x)", "is (x)"),
        (r"(-?[$0-9.,]{2,})|(-?[0-9]+)", r"((?:-?[$0-9.,]{2,})|(?:-?[0-9]+))"),
        (r"is ((a)|(b))\)", r"is ((?:a)|(?:b))\)"),
        (r"[(](a)(b)", r"[(](a)(?:b)"),
    ],
)
def test_one_group(pattern: str, single: str) -> None:
    """The group that the harness takes stays the only one."""
    assert one_group(pattern) == single


@pytest.mark.parametrize("pattern", ["a(b)?(c)", r"(a)(b)\1", "(a)b|c(d)", "(?:(a)|x)(b)"])
def test_groups_that_cannot_be_one(pattern: str) -> None:
    """If the first group may be empty, or another one is needed, the expression is refused."""
    with pytest.raises(ValueError, match="cannot be chosen"):
        one_group(pattern)


def test_data_next_to_the_task(tool: Tool) -> None:
    """Data files that `dataset_kwargs` names below the folder need no --data."""
    tool.write("tasks/rows.jsonl", [{"question": "1+1?", "answer": "2"}])
    tool.write("tasks/sums.yaml", f"{BASE}dataset_kwargs: {{data_files: {{test: rows.jsonl}}}}\n")
    assert tool.convert("tasks").exit_status == 0
    assert Path(tool.path / "ours" / "sums.yaml").exists()


def test_an_included_task_is_a_task_too(tool: Tool) -> None:
    """In a folder, a task that another one includes is converted by itself as well."""
    tool.write("tasks/sums.yaml", BASE)
    tool.write("tasks/more.yaml", "include: sums.yaml\ntask: more\n")
    tool.convert("tasks", data=tool.write("rows.jsonl", ROWS))
    assert tool.tasks() == ["more", "sums"]


@pytest.mark.parametrize("written", ["[1]", "{temperature: -1, until: {a: b}, max_gen_toks: 1.0e+30}", "x"])
def test_odd_generation_parameters(tool: Tool, written: str) -> None:
    """Parameters that cannot be read are not sent, and the task loads."""
    votes = (
        "filter_list: [{name: m, filter: [{function: take_first_k, k: 3}, {function: majority_vote}]}]\nrepeats: 3\n"
    )
    report = converted(tool, f"{BASE}generation_kwargs: {written}\n{votes}")
    assert report.exit_status == 0, said(report)
    assert tool.task("sums").generate.temperature is None


def test_a_list_of_accepted_answers(tool: Tool) -> None:
    """A target that renders to a list is several accepted answers."""
    converted(tool, BASE, [{"question": "?", "answer": ["Oslo", "Christiania"]}])
    task = tool.task("sums")
    assert task.samples[0].target == ("Oslo", "Christiania")
    assert score(task, "Christiania") == 1.0


def test_choices_that_are_only_letters(tool: Tool) -> None:
    """If the choices are letters, their texts are those that the prompt lists."""
    text = CHOICE.replace('"{{query}}"', '"{{query}}\\nA. {{choices.text[0]}}\\nB. {{choices.text[1]}}\\nAnswer:"')
    text = text.replace('"{{choices.text}}"', "[A, B]")
    tool.write("tasks/pick.yaml", text)
    row = {"query": "Sky?", "label": 1, "choices": {"text": ["red", "blue"]}}
    tool.convert("tasks/pick.yaml", data=tool.write("data.jsonl", [row]))
    task = tool.task("pick")
    assert prompt(task) == "Sky?\nA. red\nB. blue\nAnswer:"
    assert [score(task, text) for text in ("B", "blue", "A red one")] == [1.0, 1.0, 0.0]
