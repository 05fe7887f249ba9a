"""`bench_strategies` and `hiddenlayer bench strategies`: plan, one run, result, and what is refused before."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.interface.bench.run import compared, prepare_bench
from pytest_hiddenlayer.interface.bench.written import written_strategies
from pytest_hiddenlayer.registry import strategies

SCRIPTED = "scripted:replies.json"
OWN = '''
from pytest_hiddenlayer import Answer, UsageError, strategy

@strategy("twice")
async def twice(context):
    """Asks twice."""
    first = await context.ask(context.messages, role="first")
    second = await context.ask(context.messages, role="second", round=1)
    return Answer(output=second.text)

@strategy("needs_more")
async def needs_more(context):
    """Needs a scorer that this task does not have."""
    raise UsageError("needs_more asked for a scorer without target, found none; add llm_judge")

@strategy("half")
async def half(context):
    """Fails on every sample but q0."""
    if "q0" not in context.prompt and "1." in context.prompt:
        raise ValueError("half way")
    return Answer(output=(await context.ask(context.messages, role="answer")).text)
'''


@pytest.fixture
def project(sums: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A project with evals/sums.yaml, right replies but for s1, and this folder as the current one."""
    sums.write("pytest.ini", "[pytest]\n")
    sums.replies(wrong=[1])
    monkeypatch.chdir(sums.path)
    monkeypatch.setattr(strategies, "_registered", {})  # what a conftest registers ends with the test
    return sums


def test_one_run_has_the_answers_of_all_strategies_and_shared_control_samples(project):
    """Every strategy, and the most calls that one makes as control samples per sample, are in one run."""
    bench = hl.bench_strategies(
        "evals/sums.yaml", provider=SCRIPTED, strategies="debate,self_consistency:n_samples=9"
    )
    (run,) = project.runs()
    assert bench.folder == run
    labels = [record["label"] for record in project.records()]
    assert {label: labels.count(label) for label in set(labels)} == {
        "single": 3,
        "debate": 3,
        "self_consistency.n_samples=9": 3,
        "single.control=*": 27,
    }
    (board,) = bench.leaderboards
    assert [row.spent.calls for row in board.rows if row.label == "debate"] == [7.0]
    assert {one.against for row in board.rows for one in row.compared} == {"vote", "single"}


def test_a_finished_run_gives_the_same_without_a_model(project):
    """`run=` computes what the run printed, also for a strategy as the reference."""
    made = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies="debate")
    again = hl.bench_strategies(run="last")
    assert again.to_json() == made.to_json()
    assert repr(again) == repr(made)
    assert len(project.runs()) == 1


def test_python_shows_a_table_a_frame_and_json(project):
    """The object prints as the table; the frame has a row per strategy."""
    pytest.importorskip("pandas")
    bench = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies=["debate"])
    assert "debate" in repr(bench)
    frame = bench.frame()
    assert list(frame["label"]) == ["debate", "single"]
    assert frame["against_vote_verdict"].iloc[0] == "underpowered"
    json.dumps(bench.to_json(), allow_nan=False)


def test_a_strategy_that_cannot_run_is_named_with_its_reason(project, capsys):
    """Among all, a strategy whose dry run is refused is left out; the others are compared."""
    project.write("conftest.py", OWN)
    code = main(["bench", "strategies", "--task", "evals/sums.yaml", "--provider", SCRIPTED, "--json",
                 "--strategies", "twice,needs_more"])  # fmt: skip
    printed = capsys.readouterr()
    assert code == 0
    values = json.loads(printed.out)
    assert {row["label"] for row in values["leaderboards"][0]["strategies"]} == {"single", "twice"}
    (left_out,) = values["left_out"]
    assert left_out["strategy"] == "needs_more"
    assert "found none; add llm_judge" in left_out["reason"]
    assert "left out: needs_more" in printed.err


def test_the_estimate_is_printed_before_a_model_is_asked(project, capsys):
    """Calls per answer of every strategy, the control samples and the sum; nothing is opened before."""
    main(["bench", "strategies", "--task", "evals/sums.yaml", "--provider", SCRIPTED, "--strategies", "debate"])
    lines = capsys.readouterr().err.splitlines()
    assert "debate: 3 answers of about 7 calls" in lines[1]
    assert lines[2].strip() == "control samples: about 21 calls, shared by all strategies"
    assert lines[3] == "about 45 calls, free of charge"


def test_a_reason_that_all_strategies_share_is_said_once(project, capsys):
    """A task that nothing can answer is one message, not one per strategy."""
    project.write("evals/judged.yaml", "task: judged\nprompt: x\nscorers: [llm_judge]\nsamples: [{input: x}]\n")
    assert main(["bench", "strategies", "--task", "evals/judged.yaml", "--provider", SCRIPTED]) == 4
    printed = capsys.readouterr().err
    assert printed.count("needs `criteria`") == 1
    assert "single, best_of_n, " in printed


def test_a_strategy_that_fails_half_way_keeps_what_it_has(project):
    """Two answers and an error: the row counts both, and the others are complete."""
    project.write("conftest.py", OWN)
    bench = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies="half")
    (half,) = [row for row in bench.leaderboards[0].rows if row.label == "half"]
    assert [half.scored, half.answers] == [2, 3]
    assert "half way" in repr(bench)


def test_a_run_that_stopped_goes_on(project):
    """A resumed comparison asks only what is missing: control samples are reused too."""
    first = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies="debate", limit=2)
    again = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies="debate", resume=first.run_id)
    lines = (again.folder / "records.jsonl").read_text().splitlines()
    before = {json.loads(line)["started_at"] for line in (first.folder / "records.jsonl").read_text().splitlines()}
    reused = [json.loads(line) for line in lines if json.loads(line)["started_at"] in before]
    assert {
        label: [one["label"] for one in reused].count(label) for label in ("single", "debate", "single.control=*")
    } == {
        "single": 2,
        "debate": 2,
        "single.control=*": 14,
    }
    assert [row.answers for row in again.leaderboards[0].rows] == [3, 3]


def test_a_budget_that_ends_keeps_what_was_answered(project):
    """Answers after the end are skipped: they are counted, and are no wrong answers."""
    price = {"provider": "scripted", "model": "replies.json", "input": 0, "output": 1_000_000, "since": "2026-01-01"}
    project.write("prices.yaml", {"prices": [price]})
    bench = hl.bench_strategies(
        "evals/sums.yaml", provider=SCRIPTED, strategies="debate", budget=4, prices="prices.yaml", concurrency=1
    )
    rows = bench.leaderboards[0].rows
    assert sum(row.outcomes.get("skipped", 0) for row in rows) > 0
    assert "budget" in repr(bench)


def test_samples_that_were_not_answered_are_no_success(project):
    """A comparison with errors exits with 1, one of wrong answers with 0."""
    project.write("conftest.py", OWN)
    words = ["bench", "strategies", "--task", "evals/sums.yaml", "--provider", SCRIPTED, "--strategies"]
    assert main([*words, "half"]) == 1
    assert main([*words, "single"]) == 0


def test_a_planned_strategy_without_any_answer_is_named(project):
    """A run that is stopped before a strategy's first answer: the result says so, and how to go on."""
    prepared = prepare_bench(["evals/sums.yaml"], {"provider": (SCRIPTED,)}, strategies="debate,self_consistency")
    stopped = hl.evaluate("evals/sums.yaml", provider=SCRIPTED, strategy=["single", "debate"])
    bench = compared(stopped, prepared.plan, match="calls")
    (absent,) = bench.left_out
    assert absent.strategy == "self_consistency"
    assert absent.reason == "no answer on sums: the run ended before; go on with --resume"


def test_a_model_that_may_cost_money_needs_consent(project, capsys, monkeypatch):
    """Without a terminal and without --yes, nothing is asked; the price is named."""
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    code = main(["bench", "strategies", "--task", "evals/sums.yaml", "--provider", "openai:gpt-4o-mini",
                 "--strategies", "debate"])  # fmt: skip
    printed = capsys.readouterr().err
    assert code == 4
    assert "add --yes" in printed
    assert "about 45 calls, about $0." in printed
    assert project.runs() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name a task with --task PATH, or a finished run"),
        (["last", "--task", "evals/sums.yaml"], "a finished run is only read"),
        (["last", "--limit", "2"], "a finished run is only read"),
        (["last", "--strategies", "debate"], "last --strategies: a finished run is only read"),
        (["nothing"], "nothing"),
        (["--task", "evals/none.yaml"], "no such file"),
        (["--task", "evals/sums.yaml", "--strategies", "debatt"], "did you mean 'debate'"),
        (["--task", "evals/sums.yaml", "--strategies", "debate:n_agents=1"], "n_agents"),
        (["--task", "evals/sums.yaml", "--strategies", ","], "no strategy is named"),
        (["--task", "evals/sums.yaml", "--match", "cost"], "costs $0; match calls or tokens"),
        (["--task", "evals/sums.yaml", "--strategies", "debate", "--against", "debat"], "did you mean 'debate'"),
        (["--task", "evals/sums.yaml", "--output", "x.pdf"], "write .md or .json"),
        (["--task", "evals/sums.yaml", "--output", "no/x.md"], "does not exist; create it"),
        (["--task", "evals/sums.yaml", "--picture", "x.gif"], "write .png or .svg"),
    ],
)
def test_what_is_refused_before_anything_is_asked(project, capsys, words, message):
    """One sentence and exit status 4; no run is made."""
    assert main(["bench", "strategies", *words, *(["--provider", SCRIPTED] if "--task" in words else [])][:99]) == 4
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed
    assert project.runs() == []


def test_an_unknown_reference_is_refused_with_what_there_is(project):
    """The result names the strategies that could be the reference."""
    with pytest.raises(UsageError, match="compare with vote"):
        hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies="debate", against="debat")


def test_python_needs_either_a_task_or_a_run(project):
    """Both or none is a message."""
    for arguments in ({}, {"task": "evals/sums.yaml", "run": "last"}):
        with pytest.raises(UsageError, match="either a task to answer or a finished run"):
            hl.bench_strategies(**arguments)


def test_a_preset_takes_part_and_the_result_says_which_label_it_has(project, capsys):
    """Its label is that of the strategy with its parameters, which may be cut; a written parameter wins."""
    project.write("presets/mine.yaml", "description: x\nstrategy: self_consistency\nparameters: {n_samples: 3}\n")
    names = "preset:mine,preset:self_consistency_40,n_samples=4,debate"
    bench = hl.bench_strategies("evals/sums.yaml", provider=SCRIPTED, strategies=names)
    label = "self_consistency.n_samples=4,temperature=0.7"
    assert {row.label for row in bench.leaderboards[0].rows} == {
        *("single", "debate", "self_consistency.n_samples=3", label),
    }
    assert f"preset self_consistency_40 is {label}" in repr(bench).splitlines()
    assert bench.to_json()["presets"] == {"mine": ["self_consistency.n_samples=3"], "self_consistency_40": [label]}
    assert hl.bench_strategies(run="last").to_json() == bench.to_json()
    words = ["--task", "evals/sums.yaml", "--provider", SCRIPTED, "--strategies", "preset:mime"]
    assert main(["bench", "strategies", *words]) == 4
    assert "unknown preset 'mime', did you mean 'mine'" in capsys.readouterr().err


def test_output_files(project, capsys):
    """--output writes Markdown or JSON, by the file's type."""
    pytest.importorskip("matplotlib")
    words = ["bench", "strategies", "--task", "evals/sums.yaml", "--provider", SCRIPTED, "--strategies", "debate"]
    assert main([*words, "--output", "x.md", "--picture", "x.svg"]) == 0
    assert main(["bench", "strategies", "last", "--output", "x.json"]) == 0
    assert (project.path / "x.md").read_text().startswith("# Strategies compared")
    assert json.loads((project.path / "x.json").read_text())["leaderboards"]
    assert "<svg" in (project.path / "x.svg").read_text()


def test_names_with_parameters_are_joined_by_commas():
    """What has `=` and no name before it belongs to the strategy before it; single comes first, each label once."""
    written, left_out = written_strategies("debate:n_agents=4,n_rounds=3, self_consistency,debate:n_agents=3,single")
    assert written == ["single", "debate:n_agents=4,n_rounds=3", "self_consistency", "debate:n_agents=3"]
    assert left_out == []


def test_all_names_every_registered_strategy():
    """`all` may be combined with variants of a strategy."""
    written, _ = written_strategies("all,debate:n_agents=5")
    assert {"single", "debate", "self_consistency", "manager_worker", "debate:n_agents=5"} <= set(written)
    assert written[0] == "single"
