"""Real hosts: Python on this computer, started here or through ssh on loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_server import fake_server
from support.sshd import ssh_hosts

from pytest_hiddenlayer.hosts.answers import HostProbe
from pytest_hiddenlayer.hosts.check import check_host, check_hosts, check_spec
from pytest_hiddenlayer.hosts.connection import HostError, open_gateway
from pytest_hiddenlayer.hosts.needs import HostNeeds, model_needs, whole_needs
from pytest_hiddenlayer.hosts.report import HostReport
from pytest_hiddenlayer.hosts.specs import HostSpec, parse_specs
from pytest_hiddenlayer.types import ModelName

ROOT = Path(__file__).parents[2]
BUNDLED = ModelName(provider="mlx", model=None)


def fault(report: HostReport) -> str:
    """The text of the only fault."""
    (text,) = report.texts("fault")
    return text


def connection_fault(spec: str, timeout_s: float = 60) -> str:
    """Why a host cannot be used."""
    return fault(check_spec(HostSpec(text=spec), HostNeeds(), timeout_s=timeout_s))


def files_of(folder: Path) -> set[Path]:
    """Every file and folder below it."""
    return set(folder.rglob("*"))


def test_a_local_interpreter_is_a_host_that_fits(sums):
    """`popen//python=…` has the versions, the bundled model and the clock of this machine."""
    needs = whole_needs([BUNDLED], sums.path, reports=sums.path / "reports")
    spec = f"popen//python={sys.executable}//env:PYTHONPATH={ROOT}"
    (report,) = check_hosts([HostSpec(text=spec)], needs)
    assert [finding.text for finding in report.findings if finding.level == "fault"] == []
    assert report.facts
    assert report.facts.python == sys.version_info[:3]
    assert {"model", "clock", "network", "files"} <= {finding.check for finding in report.findings}
    assert report.times
    assert abs(report.times.offset_s) < 60
    assert report.times.upload_bytes_s


def test_a_gateway_runs_something_else_after_the_check():
    """A run checks a worker's gateway, and then starts the worker in it; xdist lets a worker use one thread only."""
    with open_gateway(HostSpec(text="popen//execmodel=main_thread_only")) as gateway:
        assert check_host(gateway, HostNeeds()).fits
        assert gateway.remote_exec("channel.send(6 * 7)").receive(60) == 42


def test_a_check_leaves_the_process_in_its_folder(tmp_path):
    """What runs in the gateway afterwards starts where it would have; the folder of chdir= is not made."""
    where = "import os; channel.send(os.getcwd())"
    (tmp_path / "there").mkdir()
    with open_gateway(HostSpec(text="popen")) as gateway:
        before = gateway.remote_exec(where).receive(60)
        assert check_host(gateway, HostNeeds(), HostSpec(text=f"popen//chdir={tmp_path}/there")).fits
        text = fault(check_host(gateway, HostNeeds(), HostSpec(text=f"popen//chdir={tmp_path}/copy")))
        assert gateway.remote_exec(where).receive(60) == before
    assert "does the folder of chdir= exist?" in text
    assert not (tmp_path / "copy").exists()


def test_a_copy_of_the_project_that_differs_is_a_fault(sums, tmp_path_factory):
    """The changed task file and the missing replies are named; the equal copy fits."""
    copy = tmp_path_factory.mktemp("copy")
    (copy / "evals").mkdir()
    spec = HostSpec(text=f"popen//chdir={copy}")
    needs = whole_needs([], sums.path, reports=sums.path / "reports")
    task = (sums.path / "evals" / "sums.yaml").read_text()
    (copy / "evals" / "sums.yaml").write_text(task + "# changed\n")
    assert "1 changed (evals/sums.yaml) and 1 missing (replies.json)" in fault(check_spec(spec, needs))
    (copy / "evals" / "sums.yaml").write_text(task)
    (copy / "replies.json").write_bytes((sums.path / "replies.json").read_bytes())
    assert check_spec(spec, needs).texts("fault") == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            "popen//python=/nope/python",
            "Python '/nope/python' does not run there (no such file); write //python=PATH",
        ),
        ("socket=127.0.0.1:1", "start execnet's socket server on the host, or use ssh=HOST"),
        ("popen//python=sh -c 'echo Welcome; cat'", "its login prints text before Python starts"),
        (
            "popen//python=sh -c 'echo SyntaxError: x >&2; exit 1'",
            "its Python is older than 3.8, which execnet needs",
        ),
        (
            "popen//python=sh -c 'printf \"no\\\\033[31mgood\\n\" >&2; exit 3'",
            "Python does not start there: no\\x1b[31mgood",
        ),
    ],
)
def test_a_host_without_python_says_what_to_do(spec, text):
    """No traceback, and nothing that a host prints reaches the terminal as it is."""
    assert text in connection_fault(spec)


def test_a_host_that_says_nothing_is_given_up():
    """After the time limit its connection is cut."""
    assert "it does not answer within 0 s" in connection_fault("popen//python=sh -c 'exec sleep 600'", timeout_s=0.3)


def test_hosts_are_reached_by_ssh(tmp_path, capfd):
    """Two hosts with homes of their own: one fits, one has no Python; a banner is not printed; nothing is written."""
    with ssh_hosts(tmp_path, "mac2", banner="\x1b]0;owned\x07Welcome\n") as (mac2,):
        before = files_of(mac2.folder)
        loud = mac2.spec().replace("ssh=", "ssh=-o LogLevel=INFO ")  # the configuration hides the banner
        specs = parse_specs([f"2*{loud}", mac2.spec(python="/nope/python")])
        fits, lacks = check_hosts(specs, whole_needs([BUNDLED], ROOT, [ROOT / "evals"], reports=ROOT / "reports"))
        assert files_of(mac2.folder) == before
    assert fits.texts("fault") == []
    assert (fits.name, fits.workers) == ("mac2", 2)
    assert fits.facts
    assert fits.facts.cache.folder == str(mac2.home / ".cache" / "hiddenlayer")
    assert "Python '/nope/python' does not run there" in fault(lacks)
    assert "Welcome" not in "".join(capfd.readouterr())


@pytest.mark.slow
def test_what_ssh_refuses_is_explained(tmp_path):
    """An unknown host, another key, a changed host key and a host that is off: each has its own advice."""
    with ssh_hosts(tmp_path, "mac2", "mac3") as (mac2, mac3):
        known = mac2.folder / "known_hosts"
        key = known.read_text()
        known.write_text(key.replace(key.split()[2], (mac3.folder / "host_key.pub").read_text().split()[1]))
        assert "forget the old key (`ssh-keygen -R mac2`)" in connection_fault(mac2.spec())
        known.write_text("")
        assert f"ssh does not know its host key; log in once with `ssh -F {mac2.config} mac2" in connection_fault(
            mac2.spec()
        )
        known.write_text(key)
        config = mac2.config.read_text()
        mac2.config.write_text(config.replace("client_key", "mac2/host_key"))
        assert "put your public key there with `ssh-copy-id mac2`" in connection_fault(mac2.spec())
        mac2.config.write_text(config)
        mac2.kill()
        assert "ssh does not reach it (" in connection_fault(mac2.spec())
        assert "Connection refused" in connection_fault(mac2.spec())


@pytest.mark.slow
def test_a_host_that_is_cut_off_during_the_check_is_given_up(tmp_path, monkeypatch):
    """No connection ends then; the time limit of an answer does."""
    monkeypatch.setattr("pytest_hiddenlayer.hosts.answers.ANSWER_S", 0.5)
    with ssh_hosts(tmp_path, "mac2") as (mac2,):
        spec = HostSpec(text=mac2.spec())
        with open_gateway(spec) as gateway:
            mac2.cut()
            assert "it stopped answering" in fault(check_host(gateway, HostNeeds(), spec))
            large = HostNeeds(packages=dict.fromkeys(map(str, range(300_000))))  # more than pipes hold
            with pytest.raises(HostError, match="it stopped answering"):
                HostProbe(gateway).facts(large.packages, None)
        assert "it does not answer within 1 s" in connection_fault(mac2.spec(), timeout_s=1)
        mac2.resume()
        assert check_spec(spec, HostNeeds()).fits
        with open_gateway(spec) as gateway:
            mac2.kill_workers()
            gateway.join(60)
            assert "its connection ended" in fault(check_host(gateway, HostNeeds(), spec))


@pytest.mark.slow
def test_a_clock_that_is_an_hour_off_and_another_version_are_found_on_a_real_host(tmp_path):
    """A clock that is an hour off and another version are two faults of one report."""
    changed = tmp_path / "changed"
    (changed / "pytest_hiddenlayer").mkdir(parents=True)
    (changed / "pytest_hiddenlayer" / "__init__.py").write_text("")
    (changed / "pytest_hiddenlayer" / "version.py").write_text('__version__ = "0.0.9"\n')
    (changed / "sitecustomize.py").write_text("import time\n_now = time.time\ntime.time = lambda: _now() - 3600\n")
    with ssh_hosts(tmp_path / "hosts", "mac2", environment={"PYTHONPATH": str(changed)}) as (mac2,):
        report = check_spec(HostSpec(text=mac2.spec()), HostNeeds())
    versions, clock = report.texts("fault")
    assert "(it has 0.0.9); run `ssh -F" in versions
    assert "but is 1 h 0 min behind" in clock


@pytest.mark.slow
def test_a_proxy_leads_to_further_hosts(tmp_path):
    """`--px id=p//ssh=mac2` and `--tx popen//via=p`: the check goes the same way."""
    with ssh_hosts(tmp_path, "mac2") as (mac2,):
        specs = parse_specs([f"popen//via=p//python={sys.executable}"], [f"id=p//{mac2.spec()}"])
        (report,) = check_hosts(specs, HostNeeds())
        assert report.texts("fault") == []
        assert report.facts
        assert str(mac2.home) in report.facts.cache.folder
        (report,) = check_hosts(parse_specs(["popen//via=p//python=/nope"], [f"id=p//{mac2.spec()}"]), HostNeeds())
        assert "it cannot be reached through p" in fault(report)


@pytest.mark.slow
def test_the_keepalive_of_ssh_is_shown(tmp_path):
    """The value is that of the configuration and the options that execnet uses."""
    with ssh_hosts(tmp_path, "mac2") as (mac2,):
        needs = HostNeeds(measure=True)
        silent = mac2.spec().replace("ssh=", "ssh=-o ServerAliveInterval=0 ")
        asks = mac2.spec().replace("ssh=", "ssh=-o ServerAliveInterval=15 ")
        reports = check_hosts(parse_specs([silent, asks]), needs)
    found = [[f.text for f in report.findings if f.check == "keepalive"] for report in reports]
    assert found == [
        ["ssh does not ask whether the host is alive"],
        ["ssh asks every 15 s whether the host is alive"],
    ]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system in memory; skips the test if this user may not mount one."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_of_a_real_host_is_a_fault(tmp_path):
    """A small file system that is full, and one that is read-only."""
    spec = f"popen//python={sys.executable}//env:PYTHONPATH={ROOT}"
    own = f"//env:XDG_CACHE_HOME={tmp_path}/full//env:TMPDIR={tmp_path}/closed"
    with mounted(tmp_path / "full", "size=1m"), mounted(tmp_path / "closed", "ro"):
        full, closed = check_spec(HostSpec(text=spec + own), HostNeeds()).texts("fault")
    assert re.fullmatch(
        r"it needs 67 MB for caches, but .*/full/hiddenlayer has 1 MB free; delete something there", full
    )
    assert closed.endswith("/closed cannot be written; let its user write there")


def test_the_models_of_a_hosts_ollama_are_compared(monkeypatch):
    """The digest that the host's server reports counts; without a server that is a fault."""
    with fake_server() as here, fake_server(digest="1" * 64) as other:
        monkeypatch.setenv("OLLAMA_HOST", here.url)
        needs = HostNeeds(models=tuple(model_needs(ModelName(provider="ollama", model="fake-1"))))
        assert check_spec(HostSpec(text="popen"), needs).texts("fault") == []
        text = fault(check_spec(HostSpec(text=f"popen//env:OLLAMA_HOST={other.url.partition('//')[2]}"), needs))
        assert "its ollama:fake-1 has another digest than here" in text
    text = fault(check_spec(HostSpec(text="popen//env:OLLAMA_HOST=127.0.0.1:1"), needs))
    assert "it needs an Ollama server, but none answers there" in text
