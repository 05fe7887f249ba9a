"""A long run keeps nothing open: files, threads and temporary files are those of its beginning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

WATCH = """
import json, os, threading

seen = 0


def pytest_runtest_logfinish(nodeid, location):
    global seen
    seen += 1
    if seen % 100 == 0:
        files = len(os.listdir("/proc/self/fd"))
        with open("points.jsonl", "a") as out:
            out.write(json.dumps([files, threading.active_count(), len(os.listdir("temporary"))]) + "\\n")
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc, which Linux has")
def test_nothing_stays_open(folder, monkeypatch):
    """After 600 items as many files and threads are open as after 200, with two strategies, cache and live page."""
    folder.path.joinpath("temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder.path / "temporary"))
    folder.write("conftest.py", WATCH)
    samples = [{"id": f"s{i}", "input": f"q{i % 12}.", "target": f"a{i % 11}"} for i in range(300)]
    folder.write("evals/many.jsonl", "".join(json.dumps(sample) + "\n" for sample in samples))
    folder.task("many", samples="many.jsonl", strategies=["single", {"self_consistency": {"n_samples": 3}}])
    folder.replies()
    options = ("--hl-provider", "scripted:replies.json", "--hl-cache=all", "--hl-live")
    result = folder.plain("evals", *options, fresh=True)
    assert result.ret == 0
    lines = folder.path.joinpath("points.jsonl").read_text(encoding="utf-8").splitlines()
    points = [json.loads(line) for line in lines]
    assert len(points) == 6
    assert points[-1] == points[1]
