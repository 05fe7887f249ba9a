"""The ready CI files for GitHub give no right and run no text that they need not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.ci_files import ACTION, COMMENT, EVALS, GITHUB_FILES, ROOT, steps_of
from support.workflows import EXPRESSION, load


@pytest.mark.parametrize("path", GITHUB_FILES, ids=lambda path: path.name)
def test_no_expression_is_in_a_script(path):
    """A title or branch of a pull request can run nothing: scripts read expressions from variables only."""
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


@pytest.mark.parametrize("path", GITHUB_FILES, ids=lambda path: path.name)
def test_actions_are_of_github_and_pinned(path):
    """Only GitHub's own actions are used, each at a major version, and the file says how to pin them to commits."""
    used = [step["uses"] for step in steps_of(path) if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v[1-9][0-9]*", name) for name in used)
    assert not used or "commit" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [EVALS, COMMENT], ids=lambda path: path.name)
def test_workflows_have_the_least_rights(path):
    """The workflow that runs the pull request's code may read only; the one that writes runs nothing of it."""
    content = load(path)
    rights = {name: job.get("permissions", content["permissions"]) for name, job in content["jobs"].items()}
    text = path.read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert "secrets." not in text
    if path == EVALS:
        assert set(content["on"]) == {"pull_request"}
        assert rights == {"evals": {"contents": "read"}}
        (checkout,) = [step for step in steps_of(path) if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["persist-credentials"] is False
    else:
        assert set(content["on"]) == {"workflow_run"}
        assert content["permissions"] == {}
        assert rights == {"comment": {"actions": "read", "pull-requests": "write"}}
        assert not [step for step in steps_of(path) if "uses" in step]


def test_the_comment_follows_the_evals():
    """evals-comment.yml waits for the workflow by the name that evals.yml has, and reads what that one uploads."""
    assert load(COMMENT)["on"]["workflow_run"]["workflows"] == [load(EVALS)["name"]]
    uploads = [step["with"].get("name") for step in steps_of(EVALS) if "upload-artifact" in step.get("uses", "")]
    assert "comment" in uploads


def known_names(path: Path) -> set[str]:
    """The outputs that a file's expressions may read: of earlier steps, and what GitHub's actions return."""
    names = {"steps.report.outputs.artifact-url", "steps.upload.outputs.artifact-url"}
    for step in steps_of(path):
        written = re.findall(r'echo "([a-z]+)=', step.get("run", ""))
        names |= {f"steps.{step.get('id')}.outputs.{name}" for name in written}
    return names


@pytest.mark.parametrize("path", [EVALS, ACTION], ids=lambda path: path.name)
def test_outputs_that_are_read_are_written(path):
    """Every output of a step that an expression reads is one that the step writes."""
    expressions = " ".join(EXPRESSION.findall(path.read_text(encoding="utf-8")))
    read = set(re.findall(r"steps\.[\w-]+\.outputs\.[\w-]+", expressions))
    assert read
    assert read <= known_names(path)


def test_the_guide_names_what_the_action_takes_and_returns():
    """docs/ci.md lists every input of the composite action with its default, and every output."""
    guide = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    content = load(ACTION)
    rows = {line.split(" | ")[0].strip("| `"): line.split(" | ")[1].strip("`") for line in table(guide, "| input |")}
    assert rows == {name: str(each["default"]) for name, each in content["inputs"].items()}
    assert not [name for name in content["outputs"] if f"`{name}`" not in guide]


def table(text: str, head: str) -> list[str]:
    """The rows below the head of a table."""
    lines = text[text.index(head) :].split("\n\n")[0].splitlines()
    return lines[2:]
