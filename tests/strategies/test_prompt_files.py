"""Tests of the prompt files of strategies, and of the text that a model is asked with."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, by_agent

from pytest_hiddenlayer.engine.for_strategies.prompts import prompt_set
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.prompt_files import FOLDER, GENERAL, find_prompt, prompt_names, prompt_sets
from pytest_hiddenlayer.taskfile.prompt import render_template
from pytest_hiddenlayer.types import ModelName
from training.nano import requests

EVERY_FILE = [(name, files) for files in prompt_sets() for name in prompt_names(files)]


@pytest.mark.parametrize(("name", "files"), EVERY_FILE)
def test_every_prompt_says_what_it_asks_and_names_its_variables(name, files):
    """A reader of `hiddenlayer prompts` learns what a prompt is for, and which variables an own wording may use."""
    found = find_prompt(name, files)
    assert found.description
    values = {variable: ["one", "two"] if variable.endswith("s") else "one" for variable in found.variables}
    assert render_template(found.text, values).strip()


def test_every_set_has_only_prompts_that_the_general_set_has():
    """A model without a set of its own finds every prompt."""
    for files in prompt_sets():
        assert set(prompt_names(files)) <= set(prompt_names(GENERAL))


def test_every_file_is_a_prompt():
    """No file in the folder has another form than SET/STRATEGY/NAME.txt, which nothing would find."""
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert files == {f"{files}/{name}.txt" for name, files in EVERY_FILE}


@pytest.mark.parametrize(
    ("name", "form", "values", "written"),
    [
        ("debate/reconsider", requests.RECONSIDER, {"answers": ["4", "5"]}, {"answers": "4, 5"}),
        ("debate/judge", requests.RECONSIDER, {"answers": ["4", "5"]}, {"answers": "4, 5"}),
        ("manager_worker/plan", requests.PLAN, {}, {}),
        ("manager_worker/work", requests.WORK, {"step": "add", "results": []}, {"step": "add"}),
        (
            "manager_worker/merge",
            requests.MERGE,
            {"steps": ["add", "double"], "results": ["4", "8"]},
            {"results": "add=4, double=8"},
        ),
    ],
)
def test_the_bundled_model_reads_what_it_was_trained_on(name, form, values, written):
    """The prompts of the set nano-2 are the requests of its training text, character by character."""
    template = find_prompt(name, "nano-2").text
    assert render_template(template, {"task": QUESTION, **values}) == form.format(task=QUESTION, **written)


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [("mlx", None, "nano-2"), ("mlx", "nano-2", "nano-2"), ("mlx", "nano-2:tuned", "nano-2"), ("openai", "x", "")],
)
def test_the_set_belongs_to_the_model(provider, model, expected):
    """The bundled model and its adapters have a set of their own, all others read the general one."""
    assert prompt_set(ModelName(provider=provider, model=model)) == expected


def test_an_own_wording_takes_precedence(answer, tmp_path):
    """A file in the user's folder replaces the built-in prompt of that name, and no other."""
    (tmp_path / "debate").mkdir()
    (tmp_path / "debate" / "reconsider.txt").write_text("{{ task }} Others: {{ answers | join('; ') }}. And you?\n")
    provider = FakeProvider(by_agent(("1", "2", "3"), ("1", "1", "1"), judge="1"))
    answer("debate", provider, prompts=tmp_path)
    assert provider.prompts("agent-1", round=1) == [f"{QUESTION} Others: 2; 3. And you?"]
    assert "Several agents answered" in provider.prompts("judge")[0]


def test_an_unknown_prompt_is_named_with_the_nearest_one():
    """A misspelt name in a strategy's code leads to the right one."""
    with pytest.raises(UsageError, match=r"no prompt 'debate/reconsidr'.*debate/reconsider"):
        find_prompt("debate/reconsidr")
