"""A strategy that a kill ended half-way goes on: every call is answered once over both runs."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest
from support.folder import Folder
from support.killing_servers import Calls, counting_server, killed, prices, records_of, whole
from support.trust_scale import times

DEBATE: dict[str, Any] = {"strategies": [{"debate": {"n_agents": 3, "n_rounds": 3}}], "scorers": ["keyword"]}
N_RERUN = 3
FORMS: dict[str, dict[str, Any]] = {
    "debate": DEBATE,
    "self_consistency": {"strategies": [{"self_consistency": {"n_samples": 5}}]},
    "manager_worker": {"strategies": ["manager_worker"]},
    "tree_of_thoughts": {"strategies": ["tree_of_thoughts"]},
    "judge": {"strategies": ["single"], "scorers": ["keyword", {"llm_judge": {"criteria": "Is it polite?"}}]},
    "rerun": {"strategies": [{"self_consistency": {"n_samples": N_RERUN}}], "must_pass": True},
}
WAYS = {"n0": ("-n", "0"), "n2": ("-n", "2"), "run": ("run",)}


def write(folder: Folder, form: str, n: int = 1) -> list[str]:
    """Write the task of a form; returns the options that it needs."""
    values = dict(FORMS[form])
    must_pass = values.pop("must_pass", False)
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": "wrong", "must_pass": must_pass} for i in range(n)]
    folder.task(samples=samples, **values)
    prices(folder)
    more = ["--reruns", "1"] if form == "rerun" else []
    return [*more, *(["--hl-judge", "openai:m"] if form == "judge" else [])]


def undisturbed(path, form: str, way: tuple[str, ...], n: int = 1) -> tuple[Counter[str], list[dict[str, Any]]]:
    """(what the server answered, the records) of a run that is not killed."""
    folder = Folder(path)
    more = write(folder, form, n)
    with counting_server() as (server, calls):
        whole(folder, server, way, *more)
    (run,) = folder.runs()
    assert not (run / "calls").exists()
    return calls.answered, records_of(run)


def resumed(path, form: str, way: tuple[str, ...], kill_at: int, n: int = 1) -> tuple[Calls, list[dict[str, Any]]]:
    """(what the server answered over both runs, the records of the second) of a run that is killed and resumed."""
    folder = Folder(path)
    more = write(folder, form, n)
    with counting_server(kill_at) as (server, calls):
        calls.written = kill_at - 1 - (form == "rerun" and kill_at > N_RERUN)  # the last call before a rerun is not
        killed(folder, server, calls, way, *more)
        before = folder.runs()
        resume = ["--hl-resume", "last"] if before and kill_at > 1 else []
        whole(folder, server, way, *more, *resume)
    (run,) = set(folder.runs()) - set(before)
    assert not (run / "calls").exists()
    return calls, records_of(run)


DIES = """
import asyncio, os, pathlib, signal
from pytest_hiddenlayer import Completion, Usage, provider

@provider("dies")
class Dies:
    model = "m"

    def __init__(self, model=None):
        pass

    async def complete(self, request):
        asked = pathlib.Path("asked.txt")
        with asked.open("a") as file:
            file.write(f"{request.role} {request.round}\\n")
        if len(asked.read_text().splitlines()) == int(pathlib.Path("kill_at.txt").read_text()):
            os.kill(os.getpid(), signal.SIGKILL)
        text = f"The answer is a{request.seed % 3}."
        usage = Usage(input_tokens=1, output_tokens=1, calls=1)
        return Completion(text=text, finish_reason="stop", usage=usage, latency_s=0.5, model="m", cost_usd=0.25)
"""


def ask(folder: Folder, kill_at: int, *more: str) -> Any:
    """What `hiddenlayer run` prints with a provider that kills it at a call."""
    folder.write("conftest.py", DIES)
    folder.write("kill_at.txt", str(kill_at))  # a module changed within a second may be read from its bytecode
    return folder.command("run", "--provider", "dies", *more)


@pytest.fixture
def debate(folder):
    """A folder with a debate of three agents and three rounds."""
    folder.task(n=1, **DEBATE)
    return folder


def test_a_killed_debate_goes_on(debate):
    """Of a debate killed in its second round, the calls before are reused, and the record is that of a whole run."""
    ask(debate, 0)
    (first,) = debate.runs()
    asked = (debate.path / "asked.txt").read_text().splitlines()
    (debate.path / "asked.txt").unlink()
    assert ask(debate, 6).ret == -signal.SIGKILL
    printed = ask(debate, 0, "--resume", "last")
    again = (debate.path / "asked.txt").read_text().splitlines()
    last = max(debate.runs(), key=lambda run: run.stat().st_mtime_ns)
    assert printed.ret == 0
    assert records_of(last) == records_of(first)
    assert len(asked) >= 9
    assert again == [*asked[:6], *asked[5:]]  # the sixth was in flight
    assert any("; 5 calls of 1 half-done answer too" in line for line in printed.outlines)
    once_more = ask(debate, 0, "--resume", "last")  # a whole answer by now: its calls are not reused again
    assert any("1 of 1 answers reused" in line for line in once_more.outlines)
    assert not any("half-done" in line for line in once_more.outlines)


def test_a_run_without_a_record_says_how_it_goes_on(debate):
    """`show` of a run that was killed in its first answer names the command's option that goes on."""
    assert ask(debate, 6).ret == -signal.SIGKILL
    printed = debate.command("show", "last")
    assert printed.ret == 4
    (run,) = debate.runs()
    assert f"its calls are kept: type its command with --resume {run.name}" in "\n".join(printed.errlines)


@pytest.mark.parametrize("line", ["garbage", '{"schema": 1, "key": 2}', "[]"])
@pytest.mark.parametrize("way", [["run", "--resume"], ["evals", "-n", "0", "--hl-resume"]])
def test_a_file_of_calls_that_was_edited_is_an_error_of_use(folder, line, way):
    """It names the file, the line and what to do, before anything is asked."""
    folder.task()
    folder.replies()
    folder.run()
    (run,) = folder.runs()
    folder.write(f"{run.relative_to(folder.path)}/calls/0.jsonl", f"{line}\n")
    use = folder.command if way[0] == "run" else folder.plain
    result = use(*way, "last", "--provider", "scripted:replies.json")
    printed = "\n".join([*result.outlines, *result.errlines])
    assert result.ret in (2, 4)
    assert "calls/0.jsonl:1: not an answered call" in printed
    assert "remove this file" in printed
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed
    assert len(folder.runs()) == 1


FEW = ["debate-n2", "self_consistency-run", "manager_worker-n0", "tree_of_thoughts-run", "judge-n2", "rerun-n0"]
ALL = [f"{form}-{way}" for form in FORMS for way in WAYS if (form, way) != ("rerun", "run")]


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL if times(0, 1) else FEW)
def test_a_kill_at_any_call(tmp_path, case):
    """Wherever a run is killed, no call is answered twice over both runs; its records are those of a whole run."""
    form, way = case.split("-")
    (tmp_path / "whole").mkdir()
    answered, records = undisturbed(tmp_path / "whole", form, WAYS[way])
    n = sum(answered.values())
    for kill_at in range(times(n // 2 + 1, 1), n + 1, times(n, 1)):
        path = tmp_path / str(kill_at)
        path.mkdir()
        calls, again = resumed(path, form, WAYS[way], kill_at)
        assert calls.answered == answered, kill_at
        assert again == records, kill_at
