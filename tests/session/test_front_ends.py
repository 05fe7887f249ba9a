"""pytest, the command and Python give the same records, costs, manifest, gates, errors and exit status."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer.interface.python_arguments import python_message

PYTHON = """
import json, sys
from pytest_hiddenlayer.interface.python_arguments import python_message
from pytest_hiddenlayer import HiddenLayerError, evaluate
paths, options = json.loads(sys.argv[1])
try:
    run = evaluate(paths, **options)
except HiddenLayerError as error:
    print(f"hiddenlayer: {error}", file=sys.stderr)
    sys.exit(4)
for message in (*run.errors, *run.failures, *run.skips):
    print(message)
sys.exit(run.exit_status)
"""
VOLATILE = ("run_id", "started_at", "ended_at", "latency_s", "time_to_first_token_s", "command", "wall_s", "git")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one front end: its status, output and files."""

    status: int
    output: str
    records: list[Any]
    summary: Any
    manifest: Any
    snapshots: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """One case: a folder, and options that all three front ends get."""

    prepare: Callable[[Folder], object]
    options: Mapping[str, Any] = field(default_factory=dict)
    paths: Sequence[str] = ("evals",)
    cwd: str = "."
    status: int = 0
    message: str = ""  # each of the three prints it


def _plain(folder: Folder) -> None:
    folder.task()
    folder.replies(wrong=[1])


def _prices(folder: Folder) -> None:
    _plain(folder)
    price = '{provider: scripted, model: "*", since: 2020-01-01, input: 1000000, output: 1000000}'
    folder.write("hiddenlayer-prices.yaml", f"prices:\n  - {price}\n")


def _ini(folder: Folder) -> None:
    _plain(folder)
    folder.write("pytest.ini", "[pytest]\nhl_epochs = 2\nhl_strict = true\nhl_provider = scripted:replies.json\n")


def _conftest(folder: Folder) -> None:
    folder.task(strategies=["shout"], scorers=["has_a"])
    folder.replies()
    folder.write(
        "conftest.py",
        "from pytest_hiddenlayer import Answer, scorer, strategy\n\n"
        '@strategy("shout")\nasync def shout(context):\n'
        '    reply = await context.ask(context.messages, role="shouter")\n'
        "    return Answer(output=reply.text.upper(), finish_reason=reply.finish_reason)\n\n"
        '@scorer("has_a")\ndef has_a(output, sample):\n    return "A" in output\n',
    )


def _own_provider(folder: Folder) -> None:
    folder.task()
    folder.write(
        "conftest.py",
        "from pytest_hiddenlayer import Completion, Usage, provider\n\n"
        '@provider("mine")\nclass Mine:\n    def __init__(self, model=None):\n        self.model = "m"\n\n'
        "    async def complete(self, request):\n        text = request.messages[-1].content\n"
        '        if text == "q1.":\n            raise SystemExit("no such luck")\n'
        "        usage = Usage(input_tokens=-5, output_tokens=10**400, calls=1)\n"
        '        return Completion(text="a" + text[1], finish_reason="stop", usage=usage, latency_s=0, model="m")\n',
    )


def _broken_conftest(folder: Folder) -> None:
    _plain(folder)
    folder.write("conftest.py", "import pytest\n\nraise RuntimeError('no such luck')\n")


def _errors(folder: Folder) -> None:
    folder.task()
    folder.replies(q1={"error": "the server said 500"})


def _broken_off(folder: Folder) -> None:
    folder.task(n=5, strategies=["single", {"self_consistency": {"n_samples": 3}}])
    folder.replies(
        q0={"reply": "<think>a1?</think>a0"},
        q1={"reply": "<think>a1", "finish_reason": "length"},
        q2={"reply": "a2", "finish_reason": "abort"},
        q3={"reply": "a3", "finish_reason": "content_filter"},
    )


def _exiting_scorer(folder: Folder) -> None:
    folder.task(scorers=["exits"])
    folder.replies()
    folder.write(
        "conftest.py",
        "import sys\nfrom pytest_hiddenlayer import scorer\n\n"
        '@scorer("exits")\ndef exits(output, sample):\n'
        '    if output == "a1":\n        sys.exit(3)\n    return 1.0\n',
    )


def _must_pass(folder: Folder) -> None:
    samples = [
        {"id": "a", "input": "q0.", "target": "a0"},
        {"id": "b", "input": "q1.", "target": "a1", "must_pass": True},
    ]
    folder.task(samples=samples)
    folder.replies(wrong=[1])


def _faulty_file(folder: Folder) -> None:
    _plain(folder)
    folder.write("evals/bad.yaml", "task: bad\nsamples: [{input: x, target: y}]\nscorers: [exakt]\n")


def _pass_at_2(folder: Folder) -> None:
    folder.task(reducer={"pass_at_k": {"k": 2}})
    folder.replies(wrong=[1])


def _regression(folder: Folder) -> None:
    folder.task(n=12)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    shutil.rmtree(folder.path / "reports")
    folder.replies(wrong=range(10))


def _lost_epochs(folder: Folder) -> None:
    outputs = {f"s{i}": [f"a{i}", "", "", "", ""] for i in range(4)}
    folder.task(n=4, epochs=5, threshold=0.9, outputs=outputs)


def _outage_during_update(folder: Folder) -> None:
    folder.task()
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    shutil.rmtree(folder.path / "reports")
    folder.replies(wrong=[0], q1={"reply": " "})


def _several_scorers(folder: Folder) -> None:
    folder.task(scorers=["exact", {"keyword": {"as": "loose"}}, {"rules": {"as": "short", "max_words": 3}}])
    folder.replies(wrong=[1])


def _nothing(folder: Folder) -> None:
    (folder.path / "evals").mkdir()


def _clashing_ids(folder: Folder) -> None:
    folder.task(samples=[{"id": name, "input": "q0.", "target": "a0"} for name in ("x[1]", "x(1)")])
    folder.replies()


def _foreign_file(folder: Folder) -> None:
    _plain(folder)
    folder.write("evals/gsm.yaml", "task: gsm\ndataset_path: gsm8k\noutput_type: generate_until\ndoc_to_text: x\n")


def _named_twice(folder: Folder) -> None:
    _plain(folder)
    folder.task("more", task="sums")


def _root_above(folder: Folder) -> None:
    _regression(folder)
    (folder.path / "evals" / "deep").mkdir()


SCRIPTED = {"provider": "scripted:replies.json"}
OPENAI = {"provider": "openai:gpt-x"}
INPUTS: dict[str, Input] = {
    "a wrong answer": Input(prepare=_plain, options=SCRIPTED),
    "the user's prices": Input(prepare=_prices, options=SCRIPTED),
    "an ini file": Input(prepare=_ini, status=1),
    "a conftest": Input(prepare=_conftest, options=SCRIPTED),
    "an own provider with an error": Input(prepare=_own_provider, options={"provider": "mine"}, status=1),
    "a broken conftest": Input(prepare=_broken_conftest, options=SCRIPTED, status=4, message="no such luck"),
    "an error": Input(prepare=_errors, options=SCRIPTED, status=1),
    "answers that think and break off": Input(
        prepare=_broken_off, options=SCRIPTED, status=1, message="not measured (1 error, 1 refused, 1 truncated)"
    ),
    "a scorer that exits": Input(
        prepare=_exiting_scorer, options=SCRIPTED, status=1, message="not measured (1 error)"
    ),
    "a sample that must pass": Input(prepare=_must_pass, options=SCRIPTED, status=1, message="must_pass"),
    "strict": Input(prepare=_plain, options={**SCRIPTED, "strict": True}, status=1),
    "a faulty task file": Input(prepare=_faulty_file, options=SCRIPTED, status=1, message="did you mean 'exact'?"),
    "two files with one name": Input(prepare=_named_twice, options=SCRIPTED, status=1, message="sums"),
    "another harness's file": Input(
        prepare=_foreign_file, options=SCRIPTED, status=1, message="lm-evaluation-harness task"
    ),
    "ids that make one item": Input(
        prepare=_clashing_ids, options=SCRIPTED, status=1, message="would have the same item as"
    ),
    "a regression": Input(prepare=_regression, options=SCRIPTED, status=1, message="regressed against"),
    "a regression, from a sub folder": Input(
        prepare=_root_above,
        options={"provider": "scripted:../../replies.json"},
        cwd="evals/deep",
        paths=("..",),
        status=1,
        message="regressed against",
    ),
    "lost epochs": Input(
        prepare=_lost_epochs, options={"provider": "recorded"}, status=1, message="scored 4 of 20 answers"
    ),
    "an outage while snapshots are written": Input(
        prepare=_outage_during_update, options={**SCRIPTED, "snapshot_update": True}
    ),
    "several scorers": Input(prepare=_several_scorers, options=SCRIPTED),
    "a part of a cell that must be whole": Input(
        prepare=_regression, options={**SCRIPTED, "limit": 2, "gate": "require"}, status=1, message="partial: 2 of 12"
    ),
    "new snapshots": Input(prepare=_regression, options={**SCRIPTED, "snapshot_update": True}),
    "several epochs and strategies": Input(
        prepare=_plain, options={**SCRIPTED, "epochs": 2, "strategy": ["single", "self_consistency:n_samples=3"]}
    ),
    "a reducer that states its k": Input(prepare=_pass_at_2, options={**SCRIPTED, "epochs": 3}),
    "a reducer that needs more epochs": Input(
        prepare=_pass_at_2, options=SCRIPTED, status=1, message="needs 2 epochs per sample, this run has 1"
    ),
    "a limit and a seed": Input(prepare=_plain, options={**SCRIPTED, "limit": 2, "seed": 7, "gate": "off"}),
    "early stopping": Input(prepare=_regression, options={**SCRIPTED, "epochs": 4, "adaptive": True}, status=1),
    "equal budget": Input(
        prepare=_plain, options={**SCRIPTED, "strategy": ["debate"], "equal_budget": True}, status=0
    ),
    "no provider here": Input(
        prepare=_plain, options={"provider": "openai:gpt-x"}, status=1, message="OPENAI_API_KEY"
    ),
    "a required provider": Input(
        prepare=_plain,
        options={"provider": "openai:gpt-x", "require_provider": True},
        status=1,
        message="OPENAI_API_KEY",
    ),
    "nothing to answer": Input(prepare=_nothing, options=SCRIPTED, status=5),
    "no such path": Input(prepare=_plain, options=SCRIPTED, paths=("nowhere",), status=4, message="nowhere"),
    "a negative temperature": Input(
        prepare=_plain, options={**SCRIPTED, "temperature": -1}, status=4, message="--hl-temperature '-1'"
    ),
    "a negative timeout": Input(
        prepare=_plain, options={**SCRIPTED, "timeout": -5}, status=4, message="--hl-timeout '-5'"
    ),
    "a target that cannot be scored": Input(
        prepare=lambda folder: folder.task(samples=[{"id": "a", "input": "q0."}]),
        options=SCRIPTED,
        status=1,
        message="evals/sums.yaml:2: target: scorer 'exact' can never score sample 'a': it has no target",
    ),
    "a parameter out of range in a file": Input(
        prepare=lambda folder: folder.task(strategies=[{"debate": {"n_agents": -1}}]),
        options=SCRIPTED,
        status=1,
        message="evals/sums.yaml:4: strategies[0].debate.n_agents: strategy 'debate': n_agents must be from",
    ),
    "a parameter out of range": Input(
        prepare=_plain,
        options={**SCRIPTED, "strategy": ["debate:n_agents=-1"]},
        status=4,
        message="strategy 'debate': n_agents must be from 2 to 1000, got -1",
    ),
    "too many epochs": Input(
        prepare=_plain,
        options={**SCRIPTED, "epochs": 100_000_000},
        status=4,
        message="--hl-epochs '100000000': write a whole number from 1 to 10000",
    ),
    "too many epochs in a file": Input(
        prepare=lambda folder: folder.task(epochs=99_999_999_999),
        options=SCRIPTED,
        status=1,
        message="evals/sums.yaml:4: epochs: must be at most 10,000, got 99999999999",
    ),
    "a judge that holds answers": Input(
        prepare=lambda folder: folder.task(scorers=[{"llm_judge": {"criteria": "c"}}], outputs={"s0": "a0"}),
        options={"provider": "recorded"},
        status=1,
        message="evals/sums.yaml:3: scorers[0]: scorer 'llm_judge' asks a judge, but provider 'recorded' holds",
    ),
    "a misspelt key of the ini file": Input(
        prepare=lambda folder: (_plain(folder), folder.write("pytest.ini", "[pytest]\nhl-epochs = 2\n")),
        options=SCRIPTED,
        status=4,
        message="pytest.ini), did you mean 'hl_epochs'?",
    ),
    "a misspelt eval_paths": Input(
        prepare=lambda folder: (_plain(folder), folder.write("pytest.ini", "[pytest]\neval_path = evals\n")),
        options=SCRIPTED,
        status=4,
        message="pytest.ini), did you mean 'eval_paths'?",
    ),
    "no epochs": Input(prepare=_plain, options={**SCRIPTED, "epochs": 0}, status=4, message="--hl-epochs '0'"),
    "a wrong word": Input(
        prepare=_plain, options={**SCRIPTED, "gate": "regresion"}, status=4, message="did you mean 'regression'?"
    ),
    "an unknown strategy": Input(
        prepare=_plain, options={**SCRIPTED, "strategy": ["debat"]}, status=4, message="did you mean 'debate'?"
    ),
    "no cassettes": Input(
        prepare=_plain, options={**SCRIPTED, "replay": "nowhere"}, status=4, message="no such folder"
    ),
    "no run to resume": Input(
        prepare=_plain, options={**SCRIPTED, "resume": "last"}, status=4, message="no run 'last'"
    ),
    "a budget that is spent": Input(
        prepare=_prices,
        options={**SCRIPTED, "budget": 20, "concurrency": 1, "max_tokens": 1},
        status=1,
        message="budget",
    ),
    "a budget that nothing fits": Input(
        prepare=_prices, options={**SCRIPTED, "budget": 0.01}, status=1, message="budget"
    ),
    "reports that cannot be written": Input(
        prepare=_plain, options={**SCRIPTED, "reports": "replies.json/x"}, status=4, message="Nothing was asked"
    ),
    "an address with a password": Input(
        prepare=_plain,
        options={"provider": "openai:gpt-x", "base_url": "http://user:hush@127.0.0.1:9/v1"},
        status=4,
        message="contains a user or password",
    ),
    "no amount of money": Input(
        prepare=_plain, options={**SCRIPTED, "budget": "much"}, status=4, message="--hl-budget 'much'"
    ),
}


def _result(printed: pytest.RunResult, folder: Path) -> Result:
    """Return the files that a front end wrote, and what it printed."""
    runs = [path.parent for path in folder.glob("**/reports/runs/*/run.json")]
    assert len(runs) <= 1
    runs = [run for run in runs if (run / "records.jsonl").exists()]
    lines = (runs[0] / "records.jsonl").read_text(encoding="utf-8").splitlines() if runs else []
    records = sorted(
        (json.loads(line) for line in lines), key=lambda r: (r["task"], r["label"], r["key"], r["epoch"])
    )
    return Result(
        status=int(printed.ret),
        output="\n".join([*printed.outlines, *printed.errlines]),
        records=_stable(records),
        summary=_stable(json.loads((runs[0] / "summary.json").read_text())) if runs else None,
        manifest=_stable(json.loads((runs[0] / "run.json").read_text())) if runs else None,
        snapshots={str(p.relative_to(folder)): p.read_text() for p in folder.glob("snapshots/**/*.json")},
    )


def _stable(value: Any) -> Any:
    """The value without what differs between two runs of the same input."""
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items() if key not in VOLATILE}
    return [_stable(item) for item in value] if isinstance(value, list) else value


def _flags(options: Mapping[str, Any]) -> list[str]:
    flags: list[str] = []
    for key, value in options.items():
        name = "--snapshot-update" if key == "snapshot_update" else f"--hl-{key.replace('_', '-')}"
        if value is True:
            flags.append(name)
        else:
            flags += [f"{name}={item}" for item in (value if isinstance(value, list) else [value])]
    return flags


@pytest.mark.parametrize("name", INPUTS)
def test_the_three_front_ends_agree(name, tmp_path):
    """The same input gives the same exit status, records, summary, manifest and snapshots in all three."""
    row = INPUTS[name]
    front_ends: dict[str, Callable[[Folder], pytest.RunResult]] = {
        "pytest": lambda folder: folder.pytest(
            "-p", "no:cacheprovider", *row.paths, *_flags(row.options), cwd=row.cwd
        ),
        "command": lambda folder: folder.command("run", *row.paths, *_flags(row.options), cwd=row.cwd),
        "python": lambda folder: folder.script(PYTHON, json.dumps([row.paths, dict(row.options)]), cwd=row.cwd),
    }
    results = {}
    for front_end, run in front_ends.items():
        folder = Folder(tmp_path / front_end / "project")
        folder.path.mkdir(parents=True)
        row.prepare(folder)
        results[front_end] = _result(run(folder), folder.path)
    if name == "the user's prices":
        assert sum(record["cost_usd"] for record in results["pytest"].records) == 6.0  # one token each way, at $1
    if name == "an own provider with an error":
        errors = [record["error"] for record in results["pytest"].records if record["error"]]
        assert errors == ["provider 'mine' raised SystemExit: no such luck (conftest.py:11)"]
    for front_end, result in results.items():
        assert result.status == row.status, front_end
        message = python_message(row.message) if front_end == "python" and row.status == 4 else row.message
        assert message in result.output, front_end
        assert "INTERNALERROR" not in result.output, front_end
    expected = results["pytest"]
    for front_end in ("command", "python"):
        found = results[front_end]
        assert found.records == expected.records, front_end
        assert found.summary == expected.summary, front_end
        assert found.manifest == expected.manifest, front_end
        assert found.snapshots == expected.snapshots, front_end


def test_the_command_names_only_options_that_it_has(tmp_path):
    """Every option that an error or a hint of a front end names exists in the command too."""
    folder = Folder(tmp_path)
    _plain(folder)
    hints = _result(folder.command("run", "--provider", "scripted:replies.json", "--gate", "require"), folder.path)
    named = set(re.findall(r"--[a-z][a-z-]+", hints.output))
    assert "--snapshot-update" in named
    usage = "\n".join(folder.command("run", "--help").outlines)
    assert {option.replace("--hl-", "--") for option in named} <= set(re.findall(r"--[a-z][a-z-]+", usage))
