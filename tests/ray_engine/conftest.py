"""A Ray cluster of two nodes on this machine, for the slow tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}

PROVIDER = '''
import asyncio, os, uuid
from pathlib import Path
from pytest_hiddenlayer import Completion, Usage, provider

HERE = Path({folder!r})

@provider("waiting")
class Waiting:
    """Notes each call with its node, and answers as soon as the file `go` exists."""

    def __init__(self, model=None):
        self.model = model or "waiting"

    async def complete(self, request):
        import ray
        node = ray.get_runtime_context().get_node_id()
        question = request.messages[-1].content.strip(".")
        (HERE / "asked" / f"{{question}}-{{node}}-{{uuid.uuid4().hex}}").touch()
        while not (HERE / "go").exists():
            await asyncio.sleep(0.02)
        if question == os.environ.get("POISON"):
            os._exit(7)
        return Completion(
            text="a" + question[1:], finish_reason="stop", model=self.model, latency_s=0.0, cost_usd=0.0,
            usage=Usage(input_tokens=1, output_tokens=1, calls=1),
        )
'''


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A cluster whose head has one CPU; tests add and remove nodes."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'pytest-hiddenlayer[ray]'")
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, connect=False, head_node_args={**NODE, "include_dashboard": False})
    yield started
    started.shutdown()


@pytest.fixture
def second(cluster: Any) -> Iterator[Any]:
    """A second node of one CPU, which also has the resource `spare`."""
    node = cluster.add_node(**NODE, resources={"spare": 1})
    yield node
    if node in cluster.worker_nodes:
        cluster.remove_node(node, allow_graceful=True)


class Project(Folder):
    """A project whose evals the workers of a cluster answer."""

    address = ""

    def waiting(self, n: int) -> None:
        """Write a task of `n` samples, and a provider that waits for the file `go`."""
        self.write("pytest.ini", "[pytest]\n")
        self.task(n=n)
        self.write("conftest.py", PROVIDER.format(folder=str(self.path)))
        (self.path / "asked").mkdir(exist_ok=True)

    def go(self) -> None:
        """Let the provider answer."""
        (self.path / "go").touch()

    def asked(self) -> list[tuple[str, str]]:
        """(question, node) of each call, as noted by the provider."""
        names = [path.name.split("-") for path in (self.path / "asked").iterdir()]
        return [(question, node) for question, node, _ in names]

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start `hiddenlayer run` in a process, on the workers of the cluster unless `arguments` name an engine."""
        words = [sys.executable, "-m", "pytest_hiddenlayer.cli", "run", *arguments]
        if "--engine" not in arguments:
            words += ["--engine", "ray", "--ray-address", self.address]
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.path / "cache"), **env}
        return subprocess.Popen(
            words, cwd=self.path, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def finish(self, process: subprocess.Popen[str]) -> tuple[int, str, str]:
        """(exit status, output, errors) of the command."""
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def answer(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        """As `start`, to its end."""
        return self.finish(self.start(*arguments, **env))

    def runs(self) -> list[Path]:
        """The folders of the runs, the oldest first."""
        return sorted(
            (self.path / "reports" / "runs").iterdir(), key=lambda path: (path / "run.json").stat().st_ctime
        )

    def records(self) -> list[dict[str, Any]]:
        """The records of the last run."""
        text = (self.runs()[-1] / "records.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def project(tmp_path: Path, cluster: Any) -> Project:
    """An empty project, with the address of the cluster."""
    made = Project(tmp_path)
    made.address = cluster.address
    return made
