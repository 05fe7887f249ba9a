"""evals.yml and action.yml, run in a repository with a change that regresses.

Their shell steps run as they are written. Stand-ins: checkout and setup-python do nothing, an
upload keeps the files, the step that installs this package is left out, and the model is scripted.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.ci_files import ACTION, REPORT_URL, change_that_regresses, run_comment, run_evals, runner
from support.folder import Folder
from support.github_api import Api
from support.workflows import Runner, commit, load


@pytest.fixture
def project(folder: Folder) -> Folder:
    """A repository with a change that regresses."""
    return change_that_regresses(folder)


@pytest.fixture
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files."""
    return tmp_path_factory.mktemp("runner")


def test_evals_that_regress(project, temp):
    """The job fails, its summary says what regressed, its files are kept, and its comment is accepted."""
    job, uploads = run_evals(project, temp)
    assert job.failed, job.log
    assert set(uploads.files) == {"report.html", "comment", "junit"}
    assert uploads.files["comment"]["number"] == b"7\n"
    comment = uploads.files["comment"]["comment.md"].decode()
    assert "### Evals: 🔴 1 regressed\n" in comment
    assert "against <code>git HEAD&#94;1</code>" in comment
    assert f"{REPORT_URL}#tab=samples&amp;sample=" in comment
    assert job.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8") == comment
    tests = ElementTree.fromstring(uploads.files["junit"]["junit.xml"]).iter("testcase")
    assert sum(1 for _ in tests) == 13
    api = Api(files=uploads.files["comment"])
    assert not run_comment(api, temp).failed
    assert [entry["body"] for entry in api.comments] == [comment]


@pytest.mark.slow
def test_evals_without_a_baseline(project, temp):
    """If the target branch has no snapshots, the job shows the scores alone, and passes."""
    shutil.rmtree(project.path / "snapshots")
    commit(project.path, "no snapshots")
    commit(project.path, "merge")
    job, uploads = run_evals(project, temp)
    assert not job.failed, job.log
    comment = uploads.files["comment"]["comment.md"].decode()
    assert "### Evals: 1 cell, 12 answers\n" in comment
    assert "without a baseline" in comment


@pytest.mark.slow
def test_evals_that_cannot_run(project, temp):
    """A broken task file fails the job, and there is neither a report nor a comment."""
    project.write("evals/sums.yaml", "task: [")
    job, uploads = run_evals(project, temp)
    assert job.failed
    assert set(uploads.files) <= {"junit"}


def action_job(project: Folder, temp: Path, **inputs: str) -> Runner:
    """action.yml with these inputs, the others by default."""
    content = load(ACTION)
    values = {name: str(each.get("default", "")) for name, each in content["inputs"].items()} | inputs
    job, _ = runner(project, temp, {f"inputs.{name}": value for name, value in values.items()})
    job.run(content["runs"]["steps"], skip=("Install",))
    for name, output in content["outputs"].items():
        job.context[name] = job.value(output["value"])
    return job


def test_the_action(project, temp):
    """The composite action returns verdict, report and comment, writes the summary, and fails with the evals."""
    job = action_job(project, temp, arguments="--provider scripted:replies.json -k 'sums or nothing'")
    assert job.failed
    assert (job.context["verdict"], job.context["exit-status"]) == ("failed", "1"), job.log
    assert job.context["report-url"] == REPORT_URL
    assert Path(job.context["report"]).is_file()
    assert Path(job.context["junit"]).is_file()
    comment = Path(job.context["comment"]).read_text(encoding="utf-8")
    assert "### Evals: 🔴 1 regressed\n" in comment
    assert job.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8") == comment


def test_the_action_runs_no_input(project, temp):
    """Inputs are words, whatever they hold: no part of them is run as a command."""
    job = action_job(project, temp, arguments="--provider scripted:replies.json -k '$(touch pwned)' ; touch pwned")
    assert job.failed
    assert job.context["verdict"] == "none"
    assert not list(project.path.rglob("pwned"))
