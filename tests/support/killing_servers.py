"""Runs that a server kills at its n-th call, with all their workers, and that are resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from fake_server import FakeServer, fake_server

from .folder import ENVIRONMENT, Folder

INPUT_USD, OUTPUT_USD = Decimal("0.001"), Decimal("0.002")
"""Prices per token, which `prices` writes."""
VOLATILE = ("run_id", "started_at", "latency_s")
"""Fields of a record that differ from run to run."""
GUARD = 3000
"""Times 10 ms, after which a kill no longer waits."""
COMMAND = "import sys; from pytest_hiddenlayer.cli import main; sys.exit(main(sys.argv[1:]))"


def cost_usd(messages: Any, text: str) -> Decimal:
    """The cost of a call, of which the server reports a token per word."""
    return len(json.dumps(messages).split()) * INPUT_USD + len(text.split()) * OUTPUT_USD


@dataclass(slots=True)
class Calls:
    """What a server answered, and the process that it kills."""

    answered: Counter[str] = field(default_factory=Counter)  # body of a request → times
    spent_usd: Decimal = Decimal(0)  # by the tokens that the server reported
    kill_at: int = 0  # the number of the call, from 1, at which it kills; 0: never
    folder: Path = Path()  # of the project
    written: int = 0  # so many calls are on disk before it kills
    process: subprocess.Popen[bytes] | None = None
    started: threading.Event = field(default_factory=threading.Event)  # `process` is set
    _received: int = 0

    def write(self, prompt: str, body: Mapping[str, Any]) -> str:
        """Return the answer to a call, unless it is the one at which the process is killed."""
        if not prompt:  # of a list of models
            return ""
        self._received += 1
        if self._received == self.kill_at and self.started.wait(60) and self.process is not None:
            self.wait_for_lines()
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return ""
        self.answered[json.dumps(body, sort_keys=True)] += 1
        text = f"1. Read the question.\n2. The answer is a{len(prompt) % 2}."
        self.spent_usd += cost_usd(body["messages"], text)
        return text

    def wait_for_lines(self) -> None:
        """Wait until the calls that workers were given are on disk: the models are in another process."""
        for _ in range(GUARD):
            files = self.folder.glob("reports/runs/*/calls/*.jsonl")
            if sum(len(file.read_bytes().splitlines()) for file in files) >= self.written:
                return
            time.sleep(0.01)


@contextmanager
def counting_server(kill_at: int = 0) -> Iterator[tuple[FakeServer, Calls]]:
    """A server that counts what it answers, and kills `Calls.process` at a call."""
    calls = Calls(kill_at=kill_at)
    with fake_server(write=calls.write) as server:
        yield server, calls


def prices(folder: Folder) -> None:
    """Write a price file for the model of the server."""
    price = {"input": float(INPUT_USD * 10**6), "output": float(OUTPUT_USD * 10**6)}
    entry = {"provider": "openai", "model": "m", "since": "2026-01-01", **price}
    folder.write("hiddenlayer-prices.yaml", {"prices": [entry]})


def options(server: FakeServer) -> list[str]:
    """The options that ask a server."""
    return ["--hl-base-url", f"{server.url}/v1", "--hl-cache=off", "--hl-concurrency=1"]


def killed(folder: Folder, server: FakeServer, calls: Calls, way: Sequence[str], *more: str) -> None:
    """Run the evals of a folder in a process group of its own, until the server kills it."""
    calls.folder = folder.path
    calls.process = start(folder, server, way, *more)
    calls.started.set()
    assert calls.process.wait(120) == -signal.SIGKILL
    calls.kill_at = 0


def start(folder: Folder, server: FakeServer, way: Sequence[str], *more: str) -> subprocess.Popen[bytes]:
    """Start `pytest evals`, or `hiddenlayer run` if that is the way."""
    asked = ["--provider", "openai:m", *options(server), *more]
    if "run" in way:
        command = ["-c", COMMAND, *_of_command([*way, *asked])]
    else:
        command = ["-m", "pytest", "evals", *way, *asked]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | ENVIRONMENT
    with open(folder.path / "output.txt", "ab") as output:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=folder.path,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def whole(folder: Folder, server: FakeServer, way: Sequence[str], *more: str) -> Any:
    """What the run prints that is not killed."""
    asked = ["--provider", "openai:m", *options(server), *more]
    if "run" in way:
        return folder.command(*_of_command([*way, *asked]))
    return folder.plain("evals", *way, *asked)


def _of_command(words: Sequence[str]) -> list[str]:
    """The command has no prefix before the names of options."""
    return [word.replace("--hl-", "--") for word in words]


def records_of(run: Path) -> list[dict[str, Any]]:
    """The records of a run, in the order of their samples, without what differs from run to run."""
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = sorted(
        map(json.loads, lines), key=lambda record: (record["task"], record["sample_id"], record["label"])
    )
    for record in records:
        for name in VOLATILE:
            del record[name]
        for call in record["transcript"]:
            del call["latency_s"]
        for name in ("resumed_calls", "resumed_from"):
            record["answer_metadata"].pop(name, None)
    return records
