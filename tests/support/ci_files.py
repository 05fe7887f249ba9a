"""The ready CI files, a project to run them in, and the stand-in for uploads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.folder import Folder
from support.github_api import Api, serve
from support.workflows import Runner, commit, load

ROOT = Path(__file__).parents[2]
EVALS, COMMENT, GITLAB = (ROOT / "docs/ci" / name for name in ("evals.yml", "evals-comment.yml", "gitlab-ci.yml"))
ACTION = ROOT / "action.yml"
GITHUB_FILES = [EVALS, COMMENT, ACTION]
SCRIPTED = "evals --provider scripted:replies.json"
REPORT_URL = "https://github.example/o/r/actions/runs/5/artifacts/9"


def steps_of(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow or a composite action."""
    content = load(path)
    jobs = content.get("jobs", {"": content.get("runs")})
    return [step for job in jobs.values() for step in job["steps"]]


def change_that_regresses(folder: Folder) -> Folder:
    """A repository: snapshots of twelve right answers on main, then a commit after which eight are wrong."""
    folder.task(n=12)
    folder.replies()
    folder.write(".gitignore", "reports/\nbuild/\n__pycache__/\n")
    assert folder.run("--snapshot-update").ret == 0
    shutil.rmtree(folder.path / "reports")
    commit(folder.path, "main")
    folder.replies(wrong=range(8))
    commit(folder.path, "change")
    return folder


class Uploads:
    """The stand-in for actions/upload-artifact: keeps inputs and the files, as they were then."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, dict[str, dict[str, bytes]]()

    def __call__(self, inputs: Mapping[str, str]) -> Mapping[str, str]:
        path = self.root / inputs["path"]
        paths = sorted(path.iterdir()) if path.is_dir() else [path]
        self.files[inputs.get("name", path.name)] = {each.name: each.read_bytes() for each in paths}
        return {"artifact-url": REPORT_URL}


def runner(project: Folder, temp: Path, context: Mapping[str, str]) -> tuple[Runner, Uploads]:
    """A runner with stand-ins for the actions that the files use, and what they upload."""
    uploads = Uploads(project.path)
    actions = {
        "actions/checkout": lambda inputs: {},
        "actions/setup-python": lambda inputs: {},
        "actions/upload-artifact": uploads,
    }
    return Runner(project.path, temp, context=context, actions=actions), uploads


def run_evals(project: Folder, temp: Path) -> tuple[Runner, Uploads]:
    """evals.yml, run for pull request 7."""
    job, uploads = runner(project, temp, {"github.event.pull_request.number": "7"})
    job.run(steps_of(EVALS), env={**load(EVALS)["jobs"]["evals"]["env"], "EVALS": SCRIPTED}, skip=("Install",))
    return job, uploads


CONTEXT = {
    "github.token": "secret-token", "github.event.workflow_run.id": "5", "github.event.workflow_run.head_sha": "abc",
}  # fmt: skip


def run_comment(api: Api, temp: Path) -> Runner:
    """evals-comment.yml, run with this state of GitHub."""
    with serve(api):
        job = Runner(temp, temp, context=CONTEXT)
        job.environment |= {
            "GITHUB_API_URL": api.url, "GITHUB_REPOSITORY": "o/r", "GITHUB_SERVER_URL": "https://github.example",
        }  # fmt: skip
        job.run(steps_of(COMMENT))
    return job
