"""gitlab-ci.yml: its scripts run as they are written, with a scripted model and a local server for notes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from support.ci_files import GITLAB, SCRIPTED, change_that_regresses
from support.github_api import Api, serve
from support.workflows import plain_environment


def gitlab(
    job: str, project: Path, home: Path, environment: Mapping[str, str], skip: str
) -> subprocess.CompletedProcess[str]:
    """The script of a GitLab job, without lines that begin with `skip`."""
    lines = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[job]["script"]
    script = "\n".join(line for line in lines if not line.startswith(skip))
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=project, env={**plain_environment(home), **environment}, text=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.slow
def test_gitlab_evals_and_note(folder, tmp_path_factory):
    """The job fails with the evals and leaves its files; the second one posts and updates one note."""
    project, temp = change_that_regresses(folder), tmp_path_factory.mktemp("home")
    base = subprocess.check_output(["git", "rev-parse", "HEAD^"], cwd=project.path, text=True).strip()
    environment = {
        "EVALS": SCRIPTED,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_JOB_URL": "https://gitlab.example/j/1",
    }
    done = gitlab("evals", project.path, temp, environment, "python -m pip")
    assert done.returncode == 1, done.stdout + done.stderr
    comment = (project.path / "comment.md").read_text(encoding="utf-8")
    assert "(https://gitlab.example/j/1/artifacts/file/report.html#tab=samples" in comment
    assert (project.path / "report.html").is_file()
    assert (project.path / "junit.xml").is_file()
    api = Api(comments=[{"id": n, "body": "hello"} for n in range(100)])
    with serve(api):
        token = {"EVALS_TOKEN": "t", "CI_MERGE_REQUEST_PROJECT_ID": "9", "CI_MERGE_REQUEST_IID": "7"}
        for _ in range(2):
            done = gitlab("evals note", project.path, temp, {**token, "CI_API_V4_URL": api.url}, "#")
            assert done.returncode == 0, done.stdout + done.stderr
    assert [entry["body"] for entry in api.comments[100:]] == [comment]
    assert [request.partition(" ")[0] for request in api.requests if "GET" not in request] == ["POST", "PUT"]


def test_gitlab_link_to_the_report():
    """The report is exposed under a name that GitLab allows, by a path without a pattern, also if the evals fail."""
    artifacts = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))["evals"]["artifacts"]
    assert re.fullmatch(r"\w[-\w ]*", artifacts["expose_as"])
    assert not [path for path in artifacts["paths"] if "*" in path]
    assert artifacts["when"] == "always"
