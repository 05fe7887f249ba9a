"""What a host is sent and told, and how items are shared among unequal hosts; no process is started."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest
from execnet import XSpec

from pytest_hiddenlayer.engine.unfinished.completed_call import CompletedCall
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.hosts import project_files as files
from pytest_hiddenlayer.plugin.xdist.hosts.agent import Agent
from pytest_hiddenlayer.plugin.xdist.hosts.arguments import check_collected, received_arguments, sent_arguments
from pytest_hiddenlayer.plugin.xdist.hosts.channels import calls_as_text, calls_from_text
from pytest_hiddenlayer.plugin.xdist.hosts.specs import agent_spec, grouped, is_host, name_of, worker_spec
from pytest_hiddenlayer.plugin.xdist.scheduling import PacedScheduling
from pytest_hiddenlayer.types import Completion, Usage


def listed(root, **rest):
    return [file.path for file in files.project_files(root, reports=root / "reports", **rest)]


def test_a_host_gets_what_git_does_not_ignore(tmp_path):
    """Tracked and new files are sent; ignored ones, runs and files of secrets are not."""
    for name in ("evals/a.yaml", "snapshots/a/x.json", "ignored/big.bin", "reports/runs/1/records.jsonl", ".env"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / ".gitignore").write_text("ignored/\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert listed(tmp_path) == [".gitignore", "evals/a.yaml", "snapshots/a/x.json"]


def test_without_git_caches_and_environments_stay(tmp_path):
    """A project without git is sent without virtual environments, caches and bytecode; a resumed run goes too."""
    for name in ("evals/a.yaml", ".venv/lib/x.py", "node_modules/y.js", "a.pyc", "reports/runs/1/records.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert listed(tmp_path) == ["evals/a.yaml"]
    run = tmp_path / "reports" / "runs" / "1" / "records.jsonl"
    assert listed(tmp_path, extra=[run]) == ["evals/a.yaml", "reports/runs/1/records.jsonl"]


def test_a_link_out_of_the_project_is_refused(tmp_path):
    """A link inside stays a link; one that leads out is an error that names it and says what to do."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "data.csv").write_text("x")
    (root / "inside.csv").symlink_to(root / "data.csv")
    found = files.project_files(root, reports=root / "reports")
    assert [(file.path, file.link) for file in found] == [("data.csv", None), ("inside.csv", "data.csv")]
    (tmp_path / "secret.txt").write_text("x")
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(UsageError, match=r"out\.txt is a link to .*outside of the project's root.*\.gitignore"):
        listed(root)


def test_a_project_that_is_too_large_names_its_largest_folders(tmp_path, monkeypatch):
    """Above the limit, the error names what is large, and both ways out."""
    monkeypatch.setattr(files, "MAX_BYTES", 2**20)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.bin").write_bytes(bytes(2**21))
    with pytest.raises(UsageError, match=r"exceed 1 MB .*weights 2 MB.*chdir=PATH"):
        listed(tmp_path)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "link/x"])
def test_a_host_writes_only_below_its_folder(tmp_path, name):
    """Whatever a controller sends, the agent refuses a path outside of the run's folder."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    agent = object.__new__(Agent)
    agent._root = root
    with pytest.raises(ValueError, match="outside of the project"):
        agent._on_file(name, False, b"x", True)
    with pytest.raises(ValueError, match="project"):
        agent._on_link("l", "../..")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_arguments_hold_on_the_host(tmp_path):
    """Paths below the root, also in values and with an item, are those of the host; others are kept."""
    root, cwd = tmp_path / "p", tmp_path / "p" / "sub"
    cwd.mkdir(parents=True)
    typed = [f"{root}/evals/a.yaml::s1[x]", "evals", "../b", f"--rootdir={root}", "-k", "a or b", "--x=/other/y"]
    sent = received_arguments(sent_arguments(typed, root, cwd), "/home/me/run")
    assert sent == [
        "/home/me/run/evals/a.yaml::s1[x]",
        "evals",
        "/home/me/run/b",
        "--rootdir=/home/me/run/.",
        "-k",
        "a or b",
        "--x=/other/y",
    ]


def test_a_path_outside_of_the_root_is_refused(tmp_path):
    """A path that hosts cannot receive is an error, and one that does not exist, of which xdist says nothing."""
    root = tmp_path / "p"
    root.mkdir()
    (tmp_path / "data").mkdir()
    with pytest.raises(UsageError, match=r"data is outside of the project's root .*copy it"):
        check_collected([str(tmp_path / "data")], root, root)
    check_collected(["."], root, root)
    with pytest.raises(UsageError, match=r"file or directory not found: none\.yaml::s1; name what exists from "):
        check_collected([".", "none.yaml::s1"], root, root)


def test_specs_of_one_host_share_a_connection():
    """Two workers at one address are one host; a plain popen is this computer."""
    texts = ["ssh=-p 22 me@mac2//python=py", "ssh=-p 22 me@mac2//python=py//id=b", "popen", "popen//chdir=/copy"]
    specs = [XSpec(text) for text in texts]
    assert [is_host(spec) for spec in specs] == [True, True, False, True]
    assert list(grouped(specs).values()) == [[0, 1], [3]]
    assert name_of(specs[0]) == "me@mac2"
    agent = agent_spec(specs[0], "host0")
    assert (agent.execmodel, agent.python, agent.ssh.split()[-1]) == ("thread", "py", "me@mac2")
    assert "BatchMode=yes" in agent.ssh
    assert worker_spec(specs[1], "host0").via == "host0"


class Worker:
    """A worker that answers one item after the other, each after `item_s`, up to `at_once` of them together."""

    def __init__(self, name, item_s, at_once):
        self.gateway = SimpleNamespace(id=name)
        self.item_s, self.at_once, self.queue, self.shutting_down = item_s, at_once, [], False
        self.running = []  # (index, end)

    def send_runtest_some(self, indexes):
        self.queue += indexes

    def shutdown(self):
        self.shutting_down = True


def simulate(workers, n):
    """(seconds until the last item, items per worker) under PacedScheduling, on a clock of its own."""
    clock = SimpleNamespace(now=0.0)
    config = SimpleNamespace(getvalue=lambda name: ["popen"] * len(workers), getoption=lambda name: None)
    log = SimpleNamespace(loadsched=lambda *args: None)
    scheduler = PacedScheduling(config, log, lambda node: node.at_once, lambda: clock.now)
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, [f"i{i}" for i in range(n)])
    scheduler.schedule()
    counts = dict.fromkeys((worker.gateway.id for worker in workers), 0)
    while True:
        for worker in workers:
            while worker.queue and len(worker.running) < worker.at_once:
                worker.running.append((worker.queue.pop(0), clock.now + worker.item_s))
        ends = [(end, worker, index) for worker in workers for index, end in worker.running]
        if not ends:
            assert sum(counts.values()) == n
            return clock.now, counts
        clock.now, worker, index = min(ends, key=lambda entry: entry[0])
        worker.running.remove((index, clock.now))
        counts[worker.gateway.id] += 1
        scheduler.mark_test_complete(worker, index)


@pytest.mark.parametrize("slow_s", [1.0, 4.0, 30.0])
def test_a_slow_host_does_not_sit_on_items_at_the_end(slow_s):
    """With hosts whose paces differ up to 30 times, the run ends at most two slow answers after the ideal."""
    fast, slow = Worker("fast", 1.0, 8), Worker("slow", slow_s, 8)
    seconds, counts = simulate([fast, slow], 600)
    ideal = 600 / (8 / 1.0 + 8 / slow_s)
    assert seconds <= ideal + 2 * slow_s + 2
    assert counts["fast"] >= counts["slow"]


def test_few_items_reach_every_host():
    """Three items on three hosts are answered one by each."""
    _, counts = simulate([Worker(name, 1.0, 8) for name in "abc"], 3)
    assert set(counts.values()) == {1}


def test_calls_of_half_done_items_reach_the_controller():
    """A host sends the answered calls of items that go on, with every value."""
    completion = Completion(
        text="t\ud800",
        finish_reason="stop",
        usage=Usage(input_tokens=1, output_tokens=2, calls=1),
        latency_s=1.5,
        model="m",
        cost_usd=0.25,
        logprobs=(-0.5,),
        warnings=("w",),
        attempts=2,
    )
    call = CompletedCall(
        key="k", started_at="2026-01-01T00:00:00+00:00", request="1", elapsed_s=1.0, completion=completion
    )
    assert calls_from_text(calls_as_text([call])) == [call]
