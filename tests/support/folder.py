"""A user's folder with a task file and scripted replies, and pytest run in it."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {
    # Not ours and slow (hypothesis, anyio, garbage collection); what the zygote imported is not rewritten.
    "PYTEST_ADDOPTS": "-p no:hypothesispytest -p no:anyio -p no:unraisableexception "
    "-W ignore::pytest.PytestAssertRewriteWarning",
    "PYTHONDONTWRITEBYTECODE": "",  # pytest rewrites every plugin anew in each run where it may not keep them
    "COLUMNS": "200",
}

ZYGOTE = Path(__file__).with_name("zygote.py")
"""The program of a process that has imported what a run needs, and forks for each run."""


class Folder:
    """A user's folder. pytest runs in a process of its own: the plugin starts threads and imports numpy."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: Any) -> Path:
        """Write a file; what is no text becomes JSON."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        path.write_text(text, encoding="utf-8")
        return path

    def task(self, name: str = "sums", n: int = 3, **form: Any) -> Path:
        """Write evals/NAME.yaml: samples s0, s1, ... that ask "q0." and expect "a0"; `form` adds or replaces."""
        samples = [{"id": f"s{i}", "input": f"q{i}.", "target": f"a{i}"} for i in range(n)]
        whole = {"task": name, "samples": samples, "scorers": ["exact"], **form}
        # One top-level key a line; each value is JSON, which is YAML too.
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in whole.items())
        return self.write(f"evals/{name}.yaml", text)

    def replies(self, wrong: Sequence[int] = (), **rules: Mapping[str, Any]) -> Path:
        """Write replies.json: "a0" to "q0." and so on, "no" to those in `wrong`; `rules` are q0={...}."""
        own = [{"contains": f"{key}.", **rule} for key, rule in rules.items()]
        plain = [{"contains": f"q{i}.", "reply": "no" if i in wrong else f"a{i}"} for i in range(12)]
        return self.write("replies.json", {"rules": own + plain})

    def run(self, *args: str, provider: str | None = "scripted:replies.json") -> pytest.RunResult:
        """What `pytest -rA --provider scripted:replies.json ARGS` prints; without a path in ARGS: evals."""
        paths = [] if any(arg.startswith(("evals", "test_")) for arg in args) else ["evals"]
        who = ["--hl-provider", provider] if provider else []
        return self.plain(*paths, *who, "-rA", *args)

    def plain(self, *args: str, fresh: bool = False) -> pytest.RunResult:
        """What `pytest ARGS` prints; `fresh`: in a new interpreter instead of a forked one."""
        return self._printed("pytest", args, self.path, fresh=fresh)

    def command(self, *args: str, cwd: str = ".") -> pytest.RunResult:
        """What `hiddenlayer ARGS` prints."""
        return self._printed("command", args, self.path / cwd)

    def script(self, code: str, *args: str, cwd: str = ".") -> pytest.RunResult:
        """What `python -c CODE ARGS` prints."""
        return self._printed("script", (code, *args), self.path / cwd)

    def pytest(self, *args: str, cwd: str = ".") -> pytest.RunResult:
        """What `pytest ARGS` prints in a sub folder."""
        return self._printed("pytest", args, self.path / cwd)

    def _printed(self, front_end: str, args: Sequence[str], cwd: Path, *, fresh: bool = False) -> pytest.RunResult:
        out, err = self.path.with_name(f"{self.path.name}.out"), self.path.with_name(f"{self.path.name}.err")
        status = _spawned(args, cwd, out, err) if fresh else _forked(front_end, args, cwd, out, err)
        found = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
        print(*found, sep="\n")
        return pytest.RunResult(status, *(text.splitlines() for text in found), duration=0.0)

    def snapshot(self, task: str = "sums") -> Path:
        """The only snapshot of a task."""
        (path,) = (self.path / "snapshots" / task).glob("*.json")
        return path

    def runs(self) -> list[Path]:
        """The folders of all runs."""
        return sorted((self.path / "reports" / "runs").glob("*"))

    def summary(self) -> Any:
        """summary.json of the only run."""
        (run,) = self.runs()
        return json.loads((run / "summary.json").read_text(encoding="utf-8"))

    def records(self) -> list[dict[str, Any]]:
        """The records of the only run."""
        (run,) = self.runs()
        return [json.loads(line) for line in (run / "records.jsonl").read_text(encoding="utf-8").splitlines()]

    def files(self) -> list[str]:
        """Every file, without pytest's cache and bytecode."""
        found = (p.relative_to(self.path) for p in self.path.rglob("*") if p.is_file())
        return sorted(str(p) for p in found if not {".pytest_cache", "__pycache__"} & set(p.parts))


def _environment() -> dict[str, str]:
    """This process's, without what tells a worker of xdist that it is one."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | ENVIRONMENT


def start_zygote() -> subprocess.Popen[str]:
    """A new process that forks for each run; it ends with this one."""
    command = [sys.executable, "-c", ZYGOTE.read_text(encoding="utf-8")]
    started = subprocess.Popen(
        command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    atexit.register(started.kill)
    return started


_zygote = cache(start_zygote)


def _forked(front_end: str, args: Sequence[str], folder: Path, out: Path, err: Path) -> int:
    zygote = _zygote()
    assert zygote.stdin
    assert zygote.stdout
    zygote.stdin.write(json.dumps([front_end, list(args), str(folder), str(out), str(err)]) + "\n")
    return int(zygote.stdout.readline())


def _spawned(args: Sequence[str], folder: Path, out: Path, err: Path) -> int:
    command = [sys.executable, "-m", "pytest", *args]
    with out.open("w") as o, err.open("w") as e:
        return subprocess.run(command, cwd=folder, env=_environment(), stdout=o, stderr=e).returncode


def ids(result: pytest.RunResult) -> list[str]:
    """The node ids that `--co -q` printed."""
    return [line for line in result.outlines if "::" in line]
