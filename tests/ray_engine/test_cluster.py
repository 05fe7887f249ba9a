"""`hiddenlayer run --engine ray` on a cluster of two nodes, one of which is killed on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from pytest_hiddenlayer.ray_engine.members import IN_FLIGHT

pytestmark = pytest.mark.slow
VOLATILE = {"run_id", "started_at", "latency_s", "schema"}
N = 12
GUARD = 2400  # times 50 ms, so that a test that fails does not hang


def wait_until(condition, process) -> None:
    """Wait until the condition holds; fail if the command ends before."""
    for _ in range(GUARD):
        if condition():
            return
        if process.poll() is not None:
            pytest.fail(f"the command ended: {process.communicate()}")
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"nothing happened: {process.communicate()}")


def comparable(records) -> list:
    """Records without what differs from run to run, in the order of their keys."""
    plain = [{key: value for key, value in record.items() if key not in VOLATILE} for record in records]
    for record in plain:
        for call in record["transcript"]:
            call.pop("latency_s", None)
    return sorted(plain, key=lambda record: (record["key"], record["label"]))


def summary_of(run: Path) -> list:
    """The summary of a run without times."""
    cells = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return [{key: value for key, value in cell.items() if "latency" not in key and "_s" not in key} for cell in cells]


def test_a_killed_node_loses_nothing_and_nothing_counts_twice(project, cluster, second):
    """Only what was in flight on the node is asked again; every case has one record, and the gates are judged."""
    n = IN_FLIGHT + 16  # more than one worker takes
    project.waiting(n)
    process = project.start("--provider", "waiting", "--ray-workers", "2", "--concurrency", str(n))
    wait_until(lambda: len(project.asked()) == n and len({node for _, node in project.asked()}) == 2, process)
    first_asked = project.asked()
    cluster.remove_node(second, allow_graceful=False)
    project.go()
    status, output, errors = project.finish(process)
    records = project.records()
    assert (status, Counter(record["sample_id"] for record in records)) == (0, Counter(f"s{i}" for i in range(n)))
    assert {record["outcome"] for record in records} == {"correct"}
    lost_node = next(node for _, node in first_asked if node == second.node_id)
    lost = {question for question, node in first_asked if node == lost_node}
    asked = Counter(question for question, _ in project.asked())
    assert asked == Counter({f"q{i}": 2 if f"q{i}" in lost else 1 for i in range(n)})
    assert f"{len(lost)} cases are asked again" in errors
    assert f"{n}/{n}" in output


def test_records_summary_and_gates_are_those_of_one_process(project, second):
    """But for times, a run on workers has the records, summary and gates of a run without them."""
    project.write("pytest.ini", "[pytest]\n")
    project.task(n=8, epochs=2, strategies=["single", "self_consistency"], threshold=0.9)
    project.replies(wrong=[1], q2={"error": "server said 500"})
    words = ["--provider", "scripted:replies.json"]
    status, output, errors = project.answer(*words, "--ray-workers", "2")
    alone = project.answer(*words, "--engine", "local")
    assert [status, errors.replace("\r", "")] == [alone[0], alone[2].replace("\r", "")]
    on_workers, in_process = project.runs()[-2:]
    manifests = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in (on_workers, in_process)]
    assert [manifest.get("engine") for manifest in manifests] == ["ray (2 workers)", None]
    lines = [(run / "records.jsonl").read_text(encoding="utf-8").splitlines() for run in (on_workers, in_process)]
    assert comparable(map(json.loads, lines[0])) == comparable(map(json.loads, lines[1]))
    assert summary_of(on_workers) == summary_of(in_process)
    gates = [[line for line in text.splitlines() if line.startswith("gate of")] for text in (output, alone[1])]
    assert gates[0] == gates[1]


def test_the_budget_holds_over_all_workers(project, second):
    """Two workers together spend no more than --budget, and the rest is skipped."""
    project.waiting(N)
    project.task(n=N, generate={"max_tokens": 1})
    project.go()
    price = {"provider": "waiting", "model": "waiting", "since": "2026-01-01", "input": 0, "output": 10000}
    project.write("hiddenlayer-prices.yaml", {"prices": [price]})
    _, output, _ = project.answer("--provider", "waiting", "--ray-workers", "2", "--budget", "0.055")
    outcomes = Counter(record["outcome"] for record in project.records())
    assert outcomes == {"correct": 5, "skipped": N - 5}
    assert "budget: $0.0500 of $0.055 spent, 7 calls not made" in output


def test_a_run_is_resumed_on_workers(project, second):
    """--resume asks only for what the earlier run does not have."""
    project.waiting(N)
    project.go()
    assert project.answer("--provider", "waiting", "--limit", "5")[0] == 0
    status, _, _ = project.answer("--provider", "waiting", "--resume", "last")
    assert status == 0
    assert max(Counter(project.asked()).values()) == 1
    assert len(project.asked()) == len(project.records()) == N


def test_ctrl_c_keeps_what_was_answered(project, second):
    """An interrupted run ends with status 2; its records are in the log, and --resume goes on from them."""
    project.waiting(2)
    process = project.start("--provider", "waiting", "--ray-workers", "2", "--epochs", "200")
    project.go()
    log = project.path / "reports" / "runs"
    wait_until(lambda: any(path.stat().st_size > 2000 for path in log.glob("*/records.jsonl")), process)
    (project.path / "go").unlink()
    process.send_signal(signal.SIGINT)
    status, output, errors = project.finish(process)
    assert status == 2
    assert "Traceback" not in errors + output
    kept = [record["key"] for record in project.records()]
    assert 0 < len(kept) == len(set(kept)) < 400
    project.go()
    assert project.answer("--provider", "waiting", "--epochs", "200", "--resume", "last")[0] == 0
    assert len(project.records()) == 400


def test_a_case_that_ends_its_process_costs_itself_only(project, second):
    """A case that ends its process is asked a few times, then given up with the reason; all others are answered."""
    project.waiting(6)
    project.go()
    status, _, _ = project.answer("--provider", "waiting", "--ray-workers", "2", POISON="q3")
    assert status == 0  # workers do not get the environment of the command
    status, _, errors = project.answer(
        "--provider", "waiting", "--ray-workers", "2", "--ray-env", "POISON", POISON="q3"
    )
    assert status == 1
    assert "sample s3 of sums: 4 workers ended while they answered it" in errors
    assert sorted(record["sample_id"] for record in project.records()) == ["s0", "s1", "s2", "s4", "s5"]


def test_a_key_reaches_the_workers_and_no_log(project, cluster, second):
    """--ray-env gives workers a variable; neither Ray's logs nor the run's files hold its value."""
    secret = "key-8b1f02c97a"
    project.waiting(4)
    project.write(
        "conftest.py",
        'import os\nfrom pytest_hiddenlayer import Completion, Usage, provider\n@provider("keyed")\nclass Keyed:\n'
        "    def __init__(self, model=None):\n        self.model = 'keyed'\n"
        "    async def complete(self, request):\n"
        "        text = f\"{len(os.environ.get('MY_KEY', ''))}\"\n"
        "        return Completion(text=text, finish_reason='stop', model='keyed', latency_s=0.0, cost_usd=0.0,\n"
        "                          usage=Usage(calls=1))\n",
    )
    project.answer("--provider", "keyed", "--ray-env", "MY_KEY", MY_KEY=secret)
    assert {record["output"] for record in project.records()} == {str(len(secret))}
    folders = [str(project.path / "reports"), cluster.head_node.get_session_dir_path()]
    assert subprocess.run(["grep", "-rlF", secret, *folders], capture_output=True, text=True).stdout == ""


def test_a_resource_that_no_node_has_is_said(project):
    """After --ray-wait the command ends with what a worker needs and what the nodes have; nothing was asked."""
    project.waiting(2)
    words = ["--provider", "waiting", "--ray-resources", "accelerator=2", "--ray-wait", "2"]
    status, _, errors = project.answer(*words)
    assert status == 4
    assert "no node could hold a worker within 2 s. A worker occupies CPU=1, accelerator=2; the nodes have" in errors
    assert "Traceback" not in errors
    assert project.asked() == []


def test_a_conftest_that_fails_on_a_node_is_said(project):
    """The error of a worker's own code is the command's, with its file and line."""
    project.waiting(2)
    project.write("conftest.py", "import os\nif os.environ.get('HERE') != 'yes': raise ValueError('not here')\n")
    status, _, errors = project.answer("--provider", "scripted", HERE="yes")
    assert status == 4
    assert "conftest.py:2: cannot load this conftest.py: ValueError: not here" in errors


def test_a_worker_gets_the_cache_of_the_driver(project, second):
    """Answers of an earlier run are reused on any node: no call is made again."""
    project.waiting(4)
    project.go()
    words = ["--provider", "waiting", "--cache", "all", "--ray-workers", "2"]
    assert project.answer(*words)[0] == project.answer(*words)[0] == 0
    assert len(project.asked()) == 4
    assert all(record["cached"] for record in project.records())
