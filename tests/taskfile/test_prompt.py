"""Prompts: which variables a template sees, and which messages its faults produce."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile import load_task, prompt_text, render_prompt, sample_hash
from pytest_hiddenlayer.types import Message, Task


def load(folder: Path, text: str, samples: str = "[{input: a < b, choices: [x, y], metadata: {n: 3}}]") -> Task:
    (folder / "t.yaml").write_text(f"task: t\nsamples: {samples}\nscorers: [exact]\n{text}\n")
    return load_task(folder / "t.yaml", folder)


def rendered(task: Task) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in render_prompt(task, task.samples[0])]


def test_prompt_sees_the_fields_and_the_metadata(tmp_path: Path) -> None:
    """A template sees input, choices, id, metadata and each key of the metadata."""
    task = load(tmp_path, 'prompt: "{{ id }} {{ input }} {{ choices[1] }} {{ n + metadata.n }}"')
    assert rendered(task) == [("user", "0 a < b y 6")]


def test_nothing_is_stripped_or_escaped(tmp_path: Path) -> None:
    """The prompt equals the written template, including the last newline."""
    assert rendered(load(tmp_path, "prompt: |\n  {{ input }}\n  Answer:")) == [("user", "a < b\nAnswer:\n")]


def test_system_message_comes_first(tmp_path: Path) -> None:
    """The system message comes first and is not part of the prompt text."""
    task = load(tmp_path, "system: Be {{ brief }}.")
    assert rendered(task) == [("system", "Be {{ brief }}."), ("user", "a < b")]
    assert prompt_text(render_prompt(task, task.samples[0])) == "a < b"


def test_chat_messages_stay_as_they_are(tmp_path: Path) -> None:
    """Without a template, a chat is sent unchanged, and its prompt text is the conversation."""
    chat = "[{input: [{role: user, content: Hi}, {role: assistant, content: Yes?}, {role: user, content: 2+2}]}]"
    task = load(tmp_path, "", chat)
    assert rendered(task) == [("user", "Hi"), ("assistant", "Yes?"), ("user", "2+2")]
    assert prompt_text(render_prompt(task, task.samples[0])) == "User: Hi\n\nAssistant: Yes?\n\nUser: 2+2"


def test_template_reads_chat_messages(tmp_path: Path) -> None:
    """In a template, a chat is a list of messages with role and content."""
    task = load(tmp_path, 'prompt: "{{ input[0].content }}!"', "[{input: [{role: user, content: Hi}]}]")
    assert render_prompt(task, task.samples[0]) == (Message(role="user", content="Hi!"),)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (
            "{{ inptu }}",
            "sample '0': the prompt uses 'inptu', which does not exist, "
            "did you mean 'input'? (available: n, input, choices, id, metadata)",
        ),
        ("{{ target }}", "sample '0': a prompt cannot use the target, which would reveal the answer"),
        ("{{ input }", "template line 1: unexpected '}'"),
        ("{% if %}", "template line 1: Expected an expression, got 'end of statement block'"),
        ("{{ 1 / 0 }}", "sample '0': the prompt does not render: division by zero"),
        ("{{ input | nofilter }}", "template line 1: No filter named 'nofilter'."),
        (
            "{{ input.__class__ }}",
            "sample '0': the prompt does not render: access to attribute '__class__' of 'str' object is unsafe.",
        ),
        (
            "{{ choices.append(1) }}",
            "sample '0': the prompt does not render: access to attribute 'append' of 'list' object is unsafe.",
        ),
        ("{{ choices | random }}", "template line 1: No filter named 'random'."),
        (
            "{% include 'x' %}",
            "sample '0': the prompt does not render: no loader for this environment specified",
        ),
    ],
)
def test_faulty_template_is_a_task_error(tmp_path: Path, prompt: str, expected: str) -> None:
    """Loading a task refuses a template that cannot be parsed or rendered."""
    with pytest.raises(TaskError) as caught:
        load(tmp_path, f'prompt: "{prompt}"')
    assert str(caught.value) == f"t.yaml:4: prompt: {expected}"


def test_endless_template_is_refused(tmp_path: Path) -> None:
    """Rendering stops before a template exhausts the memory."""
    loop = "{% for i in range(100000) %}{% for j in range(100000) %}" + "x" * 1000 + "{% endfor %}{% endfor %}"
    with pytest.raises(TaskError, match="longer than 10000000 characters"):
        load(tmp_path, f'prompt: "{loop}"')


def test_target_column_does_not_reach_the_prompt(tmp_path: Path) -> None:
    """A template cannot use a data file's own column named target."""
    (tmp_path / "rows.csv").write_text("input,target,answer\na,secret,b\n")
    with pytest.raises(TaskError, match="cannot use the target"):
        load(tmp_path, 'fields: {target: answer}\nprompt: "{{ target }}"', "rows.csv")


def test_sample_hash_follows_the_meaning(tmp_path: Path) -> None:
    """A sample's hash changes with its prompt, target and choices, but not with its id."""

    def first(text: str, sample: str) -> str:
        task = load(tmp_path, text, f"[{sample}]")
        return sample_hash(task, task.samples[0])

    same = first("", "{input: a, target: b}")
    assert len(same) == 12
    assert first("", "{id: other, input: a, target: b, group: g, must_pass: true}") == same
    others = [first("system: s", "{input: a, target: b}"), first("", "{input: a, target: c}")]
    assert len({same, *others, first("", "{input: a, target: b, choices: [x]}")}) == 4
