"""A folder or hub name that only a task file names is refused before anything is opened, unless it is allowed."""

from __future__ import annotations

import pytest
from support.folder import ids

FOLDER = "mlx:evals/evil"
NAMES = {
    "judge": {"judge": FOLDER},
    "hub": {"judge": "mlx:owner/name"},
    "strategy": {"strategies": [{"debate": {"agents": f"mlx+{FOLDER}"}}]},
    "workers": {"strategies": [{"manager_worker": {"workers": FOLDER}}]},
    "samples": {"strategies": [{"self_consistency": {"models": FOLDER}}]},
    "scorer": {"scorers": [{"llm_judge": {"criteria": "x", "model": ["mlx", FOLDER]}}]},
    "win_rate": {"scorers": [{"win_rate": {"model": FOLDER}}]},
    "coherence": {"scorers": [{"coherence": {"mode": "judge", "model": FOLDER}}]},
}
REFUSED = "*names the model mlx:*Nothing was opened.*--hl-allow-task-models*"


@pytest.fixture
def evil(folder):
    """A folder with a model whose configuration names Python code; the code writes a file if it runs."""
    folder.replies()
    folder.write("evals/evil/config.json", {"model_type": "llama", "model_file": "evil.py"})
    folder.write("evals/evil/evil.py", f"open({str(folder.path / 'ran')!r}, 'w').close()\n")
    folder.write("evals/evil/model.safetensors", "")
    return folder


@pytest.mark.parametrize("form", NAMES.values(), ids=NAMES)
def test_a_task_file_names_a_folder(evil, form, workers):
    """A hub or folder name anywhere in a task file is an error of that file; other files still run."""
    evil.task("bad", **form)
    evil.task("good")
    result = evil.run("--hl-gate=off", *workers)
    result.stdout.fnmatch_lines([REFUSED])
    assert result.parseoutcomes()["passed"] == 3
    assert not (evil.path / "ran").exists()


@pytest.mark.parametrize(
    "form",
    [
        {"judge": "mlx"},
        {"judge": "mlx:nano-2"},
        {"judge": "anthropic:claude-x"},
        {"judge": "ollama:llama"},
        {"judge": "scripted:replies.json"},
        {"strategies": [{"debate": {"agents": "mlx+openai:gpt-x"}}]},
    ],
)
def test_what_loads_no_files_is_allowed(sums, form):
    """A task file may name the bundled model and models of servers."""
    sums.task(**form)
    assert len(ids(sums.run("--co", "-q", "--hl-gate=off"))) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["--hl-allow-task-models"],
        ["--judge", FOLDER],
        ["--hl-provider", FOLDER],
        ["--judge", "scripted:replies.json"],
        ["--replay", "evals"],
    ],
    ids=" ".join,
)
def test_the_user_allows_it(evil, words):
    """It is allowed with the option, if the user names the model, if --judge replaces it, or with --replay."""
    evil.task(judge=FOLDER)
    assert ids(evil.run("--co", "-q", "--hl-gate=off", *words))


def test_a_strategy_on_the_command_line_may_name_a_folder(evil):
    """--strategy may name a folder or hub name."""
    evil.task()
    assert len(ids(evil.run("--co", "-q", "--hl-gate=off", "--strategy", f"debate:agents={FOLDER}"))) == 3


@pytest.mark.parametrize(
    ("ini", "words", "items"),
    [
        ("pytest.ini", [], 3),
        ("evals/pytest.ini", [], 0),
        ("evals/pytest.ini", ["-c", "evals/pytest.ini", "evals"], 3),
    ],
)
@pytest.mark.parametrize("line", ["hl_allow_task_models = true", "addopts = --hl-allow-task-models"])
def test_the_ini_file_of_the_root_allows_it(evil, ini, words, items, line):
    """The ini key, and addopts, apply in the root's ini file and in one that -c names, but not in a file below."""
    evil.task(judge=FOLDER)
    evil.write(ini, f"[pytest]\n{line}\n")
    assert len(ids(evil.run("--co", "-q", "--hl-gate=off", *words))) == items


@pytest.mark.parametrize(
    "line",
    [
        f"hl_provider = {FOLDER}",
        "hl_model = evals/evil",
        f"hl_judge = {FOLDER}",
        f"hl_strategy = debate:agents=mlx+{FOLDER}",
        f"addopts = --judge={FOLDER}",
    ],
)
@pytest.mark.parametrize(("ini", "refused"), [("pytest.ini", False), ("evals/pytest.ini", True)])
def test_an_ini_file_below_the_root_names_no_folder(evil, line, ini, refused):
    """A folder or hub name is allowed in the root's ini file, and refused in an ini file below."""
    evil.task()
    evil.write(ini, f"[pytest]\n{line}\n")
    provider = None if "provider" in line or "model" in line else "scripted:replies.json"
    result = evil.run("--co", "-q", "--hl-gate=off", provider=provider)
    assert len(ids(result)) == (0 if refused else 3)
    assert ("names the model mlx:evals/evil" in f"{result.outlines}{result.errlines}") == refused
