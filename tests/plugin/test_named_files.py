"""Files that are named, and files that lack only the key `task`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.folder import Folder

FILES = {
    "evals/empty.yaml": "",
    "evals/tasks.yaml": "tasks: x\nsamples: [{input: a, target: b}]\nscorers: [exact]\n",
    "evals/words.yaml": "words: [a, b]\n",
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("evals/empty.yaml", "evals/empty.yaml: must be a mapping with `task:` and `samples:`, got nothing"),
        ("evals/tasks.yaml", "evals/tasks.yaml:1: tasks: unknown field 'tasks', did you mean 'task'?"),
        ("evals/words.yaml", "evals/words.yaml:1: task: is missing: `task: NAME`"),
    ],
)
@pytest.mark.parametrize("front_end", ["pytest", "command"])
def test_named_file_without_a_task_says_what_it_lacks(
    folder: Folder, front_end: str, name: str, message: str
) -> None:
    """A named file below evals that is not a task file is an error with a reason, never "not found"."""
    for path, text in FILES.items():
        folder.write(path, text)
    run: Callable[..., pytest.RunResult] = folder.plain if front_end == "pytest" else folder.command
    result = run(*(["run"] if front_end == "command" else []), name, "--hl-provider", "recorded")
    printed = "\n".join([*result.outlines, *result.errlines])
    assert (result.ret, message in printed, "is ignored" in printed) == (1, True, False)


@pytest.mark.parametrize("front_end", ["pytest", "command"])
def test_file_in_a_folder_that_lacks_the_key_is_named(folder: Folder, front_end: str) -> None:
    """In a folder, a file that is nearly a task file is ignored with a word; one that is none, in silence."""
    folder.task()
    folder.replies()
    for path, text in FILES.items():
        folder.write(path, text)
    result = folder.run() if front_end == "pytest" else folder.command("run", "--provider", "scripted:replies.json")
    printed = "\n".join([*result.outlines, *result.errlines])
    assert result.ret == 0
    assert "empty.yaml is ignored: it has no top-level key `task:`" in printed
    assert "tasks.yaml is ignored: it has no top-level key `task:`" in printed
    assert "words.yaml" not in printed


def test_other_plugins_keep_their_files(folder: Folder) -> None:
    """A named YAML file elsewhere that has nothing of a task file is left to pytest and other plugins."""
    folder.write("compose.yaml", "services: {}\n")
    result = folder.plain("compose.yaml")
    assert result.ret == 4
    assert "task:" not in "\n".join([*result.outlines, *result.errlines])


def test_command_refuses_a_named_file_that_is_no_task_file(folder: Folder) -> None:
    """`hiddenlayer run README.md` is a usage error that says what a task file is."""
    folder.write("README.md", "words\n")
    result = folder.command("run", "README.md")
    assert result.ret == 4
    message = "README.md: is not a task file; name a YAML or JSON file with a top-level key `task:`"
    assert message in result.stderr.str()
