"""A run that ends early prints what was done, and how to go on; equal errors are printed once."""

from __future__ import annotations

import re

import pytest
from fake_server import fake_server

STOP = """
import os, signal

ANSWERED = []

def pytest_runtest_logreport(report):
    if report.when == "call" and "PYTEST_XDIST_WORKER" not in os.environ:
        ANSWERED.append(report.nodeid)
        if len(ANSWERED) == 4:
            os.kill(os.getpid(), signal.{name})
"""
SCORER = """
import os, signal
from pytest_hiddenlayer import scorer

@scorer("stops")
def stops(output, sample):
    if sample.id == "s3":
        os.kill(os.getpid(), signal.{name})
    return True
"""
EARLY = re.compile(
    r"stopped early: (\d+) of 12 answers are kept.*; to go on, type the same command with --resume last"
)


def _kept(lines) -> int:
    """How many answers the run says it has kept."""
    (match,) = [match for line in lines if (match := EARLY.search(line))]
    return int(match[1])


@pytest.fixture
def failing(folder):
    """Twelve samples; the third must pass and does not."""
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": f"a{i}", "must_pass": i == 2} for i in range(12)]
    folder.task(samples=samples)
    folder.replies(wrong=[2])
    return folder


@pytest.mark.parametrize("option", ["-x", "--maxfail=1", "--sw"])
def test_a_run_that_stops_at_a_failure_prints_its_table(failing, option, workers):
    """-x, --maxfail and --sw print the table, what is kept, and how to go on, in one process and with workers."""
    printed = failing.run(option, *workers)
    assert printed.ret in (1, 2)
    assert any(re.match(r"sums +single .* \d+/12 ", line) for line in printed.outlines)
    assert 3 <= _kept(printed.outlines) <= len(failing.records())


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_prints_its_table(folder, name, workers):
    """Ctrl-C and SIGTERM print the table, what is kept, and how to go on; --resume last takes it over."""
    folder.task(n=12)
    folder.replies()
    folder.write("conftest.py", STOP.format(name=name))
    printed = folder.run(*workers)
    assert printed.ret == 2
    kept = _kept(printed.outlines)
    records = len(folder.records())  # a worker may write another one while the controller prints
    assert 4 <= kept <= records
    assert any(re.match(rf"sums +single .* {kept}/12 ", line) for line in printed.outlines)
    folder.write("conftest.py", "")
    resumed = folder.run("--resume", "last", *workers)
    assert any(line.startswith(f"{records} of 12 answers reused from ") for line in resumed.outlines)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_command_prints_its_table(folder, name):
    """`hiddenlayer run` ends in the same way, with exit status 2."""
    folder.task(n=12, scorers=["stops"])
    folder.replies()
    folder.write("conftest.py", SCORER.format(name=name))
    printed = folder.command("run", "--provider", "scripted:replies.json", "--concurrency", "1")
    assert printed.ret == 2
    assert _kept(printed.errlines) == len(folder.records())
    assert any(re.match(r"sums +single .* \d+/12 ", line) for line in printed.outlines)


def test_equal_errors_are_printed_once(folder, workers):
    """A wrong key is one error with its number in pytest's summary, and one line in the command's."""
    folder.task(n=12)
    folder.write("conftest.py", "import os\nos.environ['OPENAI_API_KEY'] = 'sk-wrong'\n")
    with fake_server(key="sk-right") as server:
        options = ["--hl-base-url", f"{server.url}/v1", "--hl-cache=off"]
        printed = folder.run("-rE", *options, *workers, provider="openai:m")
        run = folder.command("run", "--provider", "openai:m", *options)
    text = "\n".join(printed.outlines)
    assert text.count("ERROR at setup of") <= 2  # calls that were not sent may have another message
    counts = [int(found[1]) for line in printed.outlines if (found := re.search(r"^ERROR .* (\d+) x ", line))]
    assert sum(counts) == 12
    assert len(counts) <= 2
    assert "12 errors" in text
    assert sum(" x error: " in line for line in run.outlines) <= 2
    assert len(printed.outlines) < 60


def test_different_errors_are_all_printed(folder):
    """Errors with different messages are printed one by one."""
    folder.task(n=3)
    folder.replies(q0={"error": "first"}, q1={"error": "second"})
    printed = folder.run()
    assert sum("ERROR at setup of" in line for line in printed.outlines) == 2
    assert not any(" x " in line for line in printed.outlines if line.startswith("ERROR"))


def test_progress_never_exceeds_100_per_cent(folder, workers):
    """Gates count among the items from the start: the progress grows, and ends at 100 % with the last gate."""
    folder.task(n=12, strategies=["single", "self_consistency"])
    folder.task("more", n=7)
    folder.replies()
    printed = folder.run(*workers)
    shares = [int(share) for line in printed.outlines for share in re.findall(r"\[ *(\d+)%\]", line)]
    assert shares == sorted(shares)
    assert len(shares) == len(set(shares))
    assert shares[-1] == 100


def test_a_model_that_cannot_be_opened_is_one_error(folder, workers):
    """A broken model is asked for nothing, and its message is printed once, with its number."""
    folder.task(n=12)
    for name in ("config.json", "model.safetensors"):
        folder.write(f"broken/{name}", "{}")
    printed = folder.run("--hl-gate=off", "-rE", *workers, provider="mlx:broken")
    text = "\n".join(printed.outlines)
    assert text.count("ERROR at setup of") == 1
    assert text.count("mlx_lm cannot load it") == 1 + sum(" x Failed" in line for line in printed.outlines)
    assert "During handling of the above exception" not in text
    assert "12 errors" in text
