"""CI files run here: their shell steps as they are, with a stand-in for each action that they use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
Action = Callable[[Mapping[str, str]], Mapping[str, str]]
"""The stand-in for an action: its inputs → its outputs."""


def load(path: Path) -> dict[str, Any]:
    """A workflow; its key `on`, which YAML 1.1 takes for a truth value, is `on`."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


class Runner:
    """Runs the steps of a job in a folder, as GitHub's runner does for the expressions that our files use."""

    def __init__(
        self, folder: Path, temp: Path, *, context: Mapping[str, str], actions: Mapping[str, Action] | None = None
    ):
        self.folder, self.temp, self.actions = folder, temp, actions or {}
        self.context = dict(context)  # such as `github.event.pull_request.number` → 7
        self.files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        for file in self.files.values():
            file.touch()
        self.environment = {
            **plain_environment(temp), "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(temp),
            **{name: str(file) for name, file in self.files.items()},
        }  # fmt: skip
        self.log: dict[str, str] = {}  # step → what it printed
        self.failed = False

    def run(
        self, steps: list[dict[str, Any]], *, env: Mapping[str, str] | None = None, skip: tuple[str, ...] = ()
    ) -> bool:
        """Run the steps but those named in `skip`; whether all succeeded."""
        for step in steps:
            name = step.get("name", step.get("uses", ""))
            condition = EXPRESSION.sub(r"\1", step.get("if", "success()"))
            if name in skip or not self._holds(condition):
                continue
            if "uses" in step:
                inputs = {key: self.value(text) for key, text in step.get("with", {}).items()}
                outputs = self.actions[step["uses"].partition("@")[0]](inputs)
            else:
                outputs = self._shell(name, step, env or {})
            for key, value in outputs.items():
                self.context[f"steps.{step.get('id')}.outputs.{key}"] = value

    def value(self, text: object) -> str:
        """A text with its expressions replaced; what the context lacks is empty."""
        return EXPRESSION.sub(lambda match: self.context.get(match[1], ""), str(text))

    def _holds(self, condition: str) -> bool:
        if not re.search(r"\b(always|cancelled|failure|success)\(\)", condition):
            condition = f"success() && {condition}"
        condition = condition.replace("cancelled()", "False").replace("success()", str(not self.failed))
        condition = re.sub(r"!(?!=)", " not ", condition.replace("&&", " and ").replace("||", " or "))
        names = re.compile(r"\b(?:github|steps|inputs|env)\.[\w.-]+")
        return bool(eval(names.sub(lambda match: repr(self.context.get(match[0], "")), condition)))

    def _shell(self, name: str, step: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
        shells = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"], "python": ["python", "-c"]}
        before = len(self.files["GITHUB_OUTPUT"].read_text())
        own = {key: self.value(text) for key, text in {**env, **step.get("env", {})}.items()}
        done = subprocess.run(
            [*shells[step.get("shell", "bash")], step["run"]],
            cwd=self.folder,
            env={**self.environment, **own},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.log[name] = done.stdout
        self.failed = self.failed or done.returncode != 0
        lines = self.files["GITHUB_OUTPUT"].read_text()[before:].splitlines()
        return dict(line.split("=", 1) for line in lines)


def plain_environment(home: Path) -> dict[str, str]:
    """What a CI job sees, with this interpreter's commands first on PATH."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH", "COVERAGE_PROCESS_START") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(home), "CI": "true", "LANG": "C.UTF-8", **kept}


def commit(folder: Path, message: str) -> str:
    """Commit everything in the folder, a repository from then on; returns the commit."""
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    if not (folder / ".git").exists():
        subprocess.run([*git, "init", "-q", "-b", "main"], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", message, "--allow-empty"], cwd=folder, check=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
