"""Hosts: other computers answer items of a run, here real sshd servers on loopback with a HOME of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from support.sshd import ssh_hosts

NOTED = """
import os

import pytest


@pytest.fixture(autouse=True)
def noted(record_property):
    record_property("home", os.environ["HOME"])
    record_property("keys", " ".join(name for name in os.environ if "API_KEY" in name) or "none")
    record_property("mode", oct(os.stat("..").st_mode & 0o777))
"""

PRICES = "prices: [{provider: mlx, model: nano-2, since: 2026-01-01, input: 1000, output: 1000}]\n"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """Two hosts."""
    with ssh_hosts(tmp_path_factory.mktemp("hosts"), "alpha", "beta") as started:
        yield started


def tx(*specs):
    return [word for spec in specs for word in ("--tx", spec)] + ["--dist", "load"]


def answered_once(folder, n):
    found = [(r["task"], r["sample_id"], r["epoch"], r["label"]) for r in folder.records()]
    assert len(found) == len(set(found)) == n


def test_a_host_answers_items_without_a_shared_disk(sums, hosts):
    """A host and this computer answer each item once, and no file of the project stays on the host."""
    result = sums.run("--tx", hosts[0].spec(), "--tx", "popen")
    result.assert_outcomes(passed=3, skipped=1)
    answered_once(sums, 3)
    manifest = json.loads((sums.runs()[0] / "run.json").read_text())
    assert manifest["engine"] == "1 host: alpha (1 worker), this computer (1 worker)"
    assert list((hosts[0].home / ".cache" / "hiddenlayer" / "hosts").iterdir()) == []


@pytest.mark.slow
def test_several_hosts_answer_with_several_workers(sums, hosts):
    """Two hosts, one of them with two workers, and this computer answer each item once."""
    sums.task("sums", n=12)
    sums.run(*tx(hosts[0].spec(), f"2*{hosts[1].spec()}", "popen")).assert_outcomes(passed=12, skipped=1)
    answered_once(sums, 12)


@pytest.mark.slow
def test_a_host_answers_in_a_folder_of_its_own_and_gets_no_key(sums, hosts, monkeypatch):
    """Items run with the host's HOME, in a folder that only its user may read, and without the controller's keys."""
    sums.task("sums", n=12)
    sums.write("conftest.py", NOTED)
    sums.write("test_key.py", "")
    sums.run(*tx(*(host.spec() for host in hosts)), "--junitxml", "out.xml")
    text = (sums.path / "out.xml").read_text()
    assert all(f'name="home" value="{host.home}"' in text for host in hosts)
    assert 'name="keys" value="none"' in text
    assert 'name="mode" value="0o700"' in text
    assert str(sums.path) not in "".join(line for line in text.splitlines() if 'name="home"' in line)


@pytest.mark.slow
def test_a_run_starts_in_a_folder_without_files(sums, hosts):
    """A run from an empty folder of the project, which is not sent, finds its files on the host."""
    sums.write("empty/note.pyc", "")
    result = sums.pytest("../evals", "--hl-provider", "scripted:../replies.json", *tx(hosts[0].spec()), cwd="empty")
    result.assert_outcomes(passed=3, skipped=1)


@pytest.mark.slow
def test_a_package_that_a_host_lacks_is_named(sums, hosts):
    """If the project imports what the host does not have, the run ends with its name and what to do."""
    sums.write("evals/conftest.py", "import os\nif '/alpha/' in os.environ['HOME']:\n    import onlyhere\n")
    result = sums.run(*tx(hosts[0].spec(), "popen"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "No module named 'onlyhere'" in result.stderr.str()
    assert "install there what the project imports" in result.stderr.str()


@pytest.mark.slow
def test_a_worker_that_fails_before_its_session_ends_the_run(sums, hosts):
    """If a plugin or conftest fails while pytest starts on a host, the run ends with the reason and does not wait."""
    failing = (
        "def pytest_configure(config):\n    if '/alpha/' in os.environ['HOME']:\n        raise OSError('no port')\n"
    )
    sums.write("conftest.py", f"import os\n\n\n{failing}")
    result = sums.run(*tx(hosts[0].spec(), "popen"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "host alpha: pytest does not start there: OSError: no port" in result.stderr.str()


@pytest.mark.slow
def test_no_worker_on_a_host_connects_to_a_port_of_this_computer(sums, hosts):
    """pytest-rerunfailures, whose workers do, is left out on hosts, and --reruns is refused."""
    pytest.importorskip("pytest_rerunfailures")
    sums.write(
        "conftest.py",
        "import os\n\n\ndef pytest_configure(config):\n"
        "    assert config.pluginmanager.has_plugin('rerunfailures') != ('/alpha/' in os.environ['HOME'])\n",
    )
    sums.run(*tx(hosts[0].spec(), "popen")).assert_outcomes(passed=3, skipped=1)
    result = sums.run(*tx(hosts[0].spec()), "--reruns", "1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "leave out --reruns" in result.stderr.str()


@pytest.mark.slow
def test_every_host_loads_the_model_once(folder, hosts):
    """Two workers of one host share its model, which only the host loads; the budget and the cache still hold."""
    folder.task("sums", n=6)
    folder.write(
        "conftest.py",
        "import os\n"
        "from pathlib import Path\n"
        "import pytest_hiddenlayer.providers.mlx.decoder as decoder\n"
        "loaded = decoder.BatchThread.__init__\n"
        "def noting(self, *args, **kwargs):\n"
        f"    with Path({str(folder.path)!r}, 'loaded.txt').open('a') as log:\n"
        "        log.write(os.environ['HOME'] + '\\n')\n"
        "    loaded(self, *args, **kwargs)\n"
        "decoder.BatchThread.__init__ = noting\n",
    )
    result = folder.run("--hl-max-tokens", "4", *tx(f"2*{hosts[0].spec()}"), provider="mlx")
    assert result.parseoutcomes()["xfailed"] == 6
    answered_once(folder, 6)
    assert not (folder.path / "loaded.txt").exists()  # neither a worker nor this computer loads it: the agent does


@pytest.mark.slow
def test_cassettes_hold_what_hosts_answered(folder, hosts):
    """--hl-record on this computer keeps the answers of hosts, and --hl-replay answers hosts from them."""
    folder.task("sums", n=3)
    folder.run("--hl-max-tokens", "4", "--hl-record", "tapes", *tx(hosts[0].spec()), provider="mlx")
    first = {r["sample_id"]: r["output"] for r in folder.records()}
    shutil.rmtree(folder.path / "reports")
    folder.run("--hl-max-tokens", "4", "--hl-replay", "tapes", *tx(hosts[0].spec()), provider="mlx")
    assert {r["sample_id"]: r["output"] for r in folder.records()} == first


@pytest.mark.slow
def test_the_budget_holds_over_all_hosts(folder, hosts):
    """Calls of hosts' own models are paid from the one budget; once it is spent, hosts skip items too."""
    folder.task("sums", n=12)
    folder.write("hiddenlayer-prices.yaml", PRICES)
    specs = tx(*(host.spec() for host in hosts))
    folder.run("--hl-max-tokens", "4", "--budget", "0.1", "--hl-concurrency", "1", *specs, provider="mlx")
    spent = [r["cost_usd"] for r in folder.records()]
    assert sum(cost for cost in spent if cost is not None) <= 0.1
    outcomes = [r["outcome"] for r in folder.records()]
    assert "skipped" in outcomes
    assert "truncated" in outcomes


@pytest.mark.slow
def test_the_baseline_of_this_computer_counts(sums, hosts):
    """An answer of a host that is right now and wrong in the baseline is an xpass; snapshots are written here."""
    sums.replies(wrong=[1])
    sums.run("--snapshot-update", *tx(hosts[0].spec()))
    sums.replies()
    result = sums.run(*tx(hosts[0].spec()))
    result.assert_outcomes(passed=3, xpassed=1)  # two samples and the gate


@pytest.mark.slow
def test_socket_servers_are_hosts(sums):
    """Two workers of one socket server answer, through the one connection that it takes at a time."""
    command = [sys.executable, "-u", "-m", "execnet.script.socketserver", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=sums.path.parent) as server:
        try:
            port = next(line for line in server.stdout if "127.0.0.1" in line).rpartition(",")[2].strip(" )\n'")
            sums.run(*tx(f"2*socket=127.0.0.1:{port}")).assert_outcomes(passed=3, skipped=1)
            answered_once(sums, 3)
        finally:
            server.kill()


@pytest.mark.slow
def test_a_proxy_leads_to_further_hosts(sums, hosts):
    """`--px id=gate//ssh=…` and `--tx popen//via=gate`: workers behind the proxy answer each item once."""
    behind = f"2*popen//via=gate//python={sys.executable}"
    result = sums.run("--px", f"id=gate//{hosts[0].spec()}", *tx(behind, "popen"))
    result.assert_outcomes(passed=3, skipped=1)
    answered_once(sums, 3)
    assert list((hosts[0].home / ".cache" / "hiddenlayer" / "hosts").iterdir()) == []


@pytest.mark.slow
def test_a_copy_with_other_task_files_is_refused(sums, tmp_path_factory):
    """With chdir= the host's own copy is used; if its task file has another input, nothing is asked."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(sums.path / "evals", copy / "evals")
    specs = tx(f"popen//chdir={copy}", "popen")
    sums.run(*specs).assert_outcomes(passed=3, skipped=1)
    shutil.rmtree(sums.path / "reports")
    text = (copy / "evals" / "sums.yaml").read_text()
    (copy / "evals" / "sums.yaml").write_text(text.replace("q1.", "q1, please."))
    result = sums.run(*specs)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = result.stderr.str()
    assert "this computer" in message
    assert f"host popen {copy}" in message
    assert "3 items" in message
    assert "the files of the project differ" in message
    assert sums.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spec: spec.replace("ssh=alpha", "ssh=nowhere.invalid"), "host nowhere.invalid: ssh cannot connect"),
        (
            lambda spec: spec.partition("//python=")[0] + "//python=/no/python",
            "host alpha: its Python /no/python does not start",
        ),
        (lambda spec: spec + "//chdir=/no/folder", "host alpha: it has no folder /no/folder"),
        (lambda spec: "socket=127.0.0.1:1", "host 127.0.0.1:1: it cannot be reached"),
    ],
    ids=["address", "python", "folder", "port"],
)
def test_a_host_that_cannot_be_used_is_one_sentence(sums, hosts, change, message):
    """A wrong address, Python, folder or port is a usage error that names the host, before anything is asked."""
    result = sums.run(*tx(change(hosts[0].spec())))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert sums.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize("option", [["--hl-batch"], ["-x"], ["--dist", "loadfile"], ["--dist", "worksteal"]], ids=str)
def test_other_ways_of_distribution_work(sums, hosts, option):
    """--hl-batch, -x and xdist's other distributions answer each item once on hosts."""
    sums.task("sums", n=8)
    sums.run(*tx(*(host.spec() for host in hosts)), *option).assert_outcomes(passed=8, skipped=1)
    answered_once(sums, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tx", "ssh:mac2"], "--tx 'ssh:mac2' does not say how the host is reached; write `popen`, `ssh=HOST`"),
        (["--tx", ""], "--tx '': not a spec of a host (a key is empty)"),
        (["--tx=ssh=mac2//pyhton=py"], "unknown key 'pyhton', which execnet would ignore; did you mean python?"),
        (["--tx", "popen//via=gate"], "no --px has id=gate; write --px id=gate//ssh=HOST"),
        (["--tx", "ssh=mac2", "-n", "2"], "use no host; leave out -n (also from addopts), and write --tx 2*popen"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_line_that_cannot_reach_a_host_is_refused_at_once(sums, options, message):
    """A wrong spec, and -n which takes the place of --tx, are usage errors before any worker starts."""
    result = sums.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str()
    assert sums.runs() == []


@pytest.mark.slow
def test_no_answer_is_paid_for_once_per_worker(sums):
    """--dist each, which gives every item to every worker, is refused before anything is asked."""
    result = sums.run("--tx", "2*popen", "--dist", "each")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "leave it out, or write --dist load" in result.stderr.str()
    assert sums.runs() == []


@pytest.mark.slow
def test_adaptive_runs_and_prompts_elsewhere_are_refused(sums, hosts, tmp_path_factory):
    """What cannot work on hosts is a usage error that says what to do."""
    prompt = tmp_path_factory.mktemp("elsewhere") / "debate" / "reconsider.txt"
    prompt.parent.mkdir()
    prompt.write_text("Again.")
    elsewhere = ["--hl-prompts", str(prompt.parent.parent)]
    for options, message in ((["--hl-adaptive"], "leave out"), (elsewhere, "copy it into the project")):
        result = sums.run(*tx(hosts[0].spec()), *options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert message in result.stderr.str()
        assert sums.runs() == []


@pytest.mark.slow
def test_tests_without_evals_run_on_hosts(folder, hosts):
    """Plain tests, their fixtures and files run on hosts too."""
    folder.write("data.txt", "x")
    folder.write(
        "test_plain.py", "def test_one():\n    assert open('data.txt').read() == 'x'\ndef test_two():\n    pass\n"
    )
    folder.plain("test_plain.py", *tx(*(host.spec() for host in hosts))).assert_outcomes(passed=2)
