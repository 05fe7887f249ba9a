"""What a person types wrong in Python: one sentence in Python's terms, and nothing is asked."""

from __future__ import annotations

import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl

SCRIPTED = {"provider": "scripted:replies.json"}


def test_a_target_may_be_a_number(folder: Folder):
    """`target=1` scores as `target="1"`, also in a list of accepted answers."""
    folder.replies(q1={"reply": "1"}, q2={"reply": "2.5"})
    assert hl.run_strategy("single", "q1.", target=1, **SCRIPTED).score == 1
    assert hl.run_strategy("single", "q2.", target=[7, 2.5], **SCRIPTED).score == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": 3}, r"prompt=3: pass a text, or a list of messages"),
        ({"prompt": None}, r"prompt=None: pass a text"),
        ({"prompt": [{"role": "user", "content": 3}]}, r"message 0 of the prompt: content=3: pass a text"),
        ({"system": 5}, r"system=5: pass a text"),
        ({"target": True}, r"target=True: pass a text, a number, or a list"),
        ({"target": []}, r"target=\[\]: pass a text, a number, or a list"),
        ({"target": {"a": 1}}, r"target=\{'a': 1\}: pass a text"),
        ({"choices": "yes"}, r"choices='yes': pass a list of texts"),
        ({"choices": ["41", "42"], "target": "43"}, r"target='43': is none of the choices 41, 42"),
        ({"strategy": "q1.", "prompt": "debate"}, r"the strategy comes first; write run_strategy\('debate', 'q1.'\)"),
        ({"max_tokens": 0}, r"max_tokens=0: pass a number of at least 1$"),
        ({"budget": "2 dollars"}, r"^budget='2 dollars': write an amount"),
        ({"timeout": -1}, r"^timeout='-1': write a number"),
        ({"seed": 10**22}, r"^seed='10{22}': write a whole number from 0 to 1000000000000000$"),
        ({"cache": "yes"}, r"^cache='yes': write seeded"),
        ({"replay": "nowhere"}, r"^replay='.*nowhere': no such folder; record "),
    ],
)
def test_a_wrong_argument_is_named_as_it_was_written(folder: Folder, arguments, message):
    """The message has the argument and its value, never an option of the command."""
    with pytest.raises(hl.UsageError, match=message) as raised:
        hl.run_strategy(**{"strategy": "single", "prompt": "q1.", **SCRIPTED, **arguments})
    assert "--" not in str(raised.value)
    assert folder.runs() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, r"^limit='0': write a whole number"),
        ({"strategies": "single"}, r"^no option 'strategies', did you mean 'strategy'\?"),
        ({"max_token": 3}, r"^no option 'max_token', did you mean 'max_tokens'\?"),
    ],
)
def test_a_wrong_option_of_a_task_is_named_as_an_argument(folder: Folder, options, message):
    """`evaluate_task` speaks of its arguments too."""
    folder.task()
    with pytest.raises(hl.UsageError, match=message):
        hl.evaluate_task("evals/sums.yaml", **SCRIPTED, **options)


def test_a_wrong_export_is_named_as_an_argument(folder: Folder):
    """`Run.export` says `force=True`, not `--force`."""
    run = hl.load_run(hl.llm_call("q1.", **SCRIPTED).run_id)
    run.export("csv", "samples.csv")
    with pytest.raises(hl.UsageError, match=r"^output='samples.csv': exists already; .* with force=True$"):
        run.export("csv", "samples.csv")
    with pytest.raises(hl.UsageError, match=r"^to='xls': no such format"):
        run.export("xls")


def test_an_entry_of_the_list_of_runs_is_a_run(folder: Folder):
    """`compare_runs` and `load_run` take what `runs()` lists."""
    for _ in range(2):
        hl.run_strategy("single", "q1.", target="a1", **SCRIPTED)
        hl.get_tracker().finish()
    first, second = hl.runs()
    assert set(hl.compare_runs(second, first).verdicts.values()) == {"underpowered"}
    assert hl.load_run(first).run_id == first.run_id
    with pytest.raises(hl.UsageError, match=r"found RunEntry; .*load_run\('"):
        hl.plot_scores(first)
    with pytest.raises(hl.UsageError, match="found int"):
        hl.compare_runs(5)


def test_the_columns_of_the_list_of_runs_are_aligned(folder: Folder):
    """Each row of `runs()` has its models below the heading, also if a name is longer than the others."""
    tracker = hl.get_tracker()
    for name in ("a", "a much longer name"):
        tracker.start(name)
        hl.llm_call("q1.", **SCRIPTED)
    tracker.finish()
    header, *rows = repr(hl.runs()).splitlines()
    assert [row.index("scripted:") for row in rows] == [header.index("models")] * 2


def test_the_tracker_shows_its_experiment(folder: Folder):
    """The repr of the tracker names what calls belong to."""
    tracker = hl.get_tracker()
    assert repr(tracker) == "Tracker(no experiment)"
    tracker.start("warm")
    assert repr(tracker).startswith("Tracker(Experiment('warm'")
    for wrong in ("x", 5):
        with pytest.raises(hl.UsageError, match="pass values by name"):
            tracker.log(wrong)
    with pytest.raises(hl.UsageError, match="pass a dictionary"):
        tracker.start("warm", 5)


def test_a_misspelt_name_in_a_registry_has_a_suggestion():
    """`STRATEGIES["debat"]` says what was meant."""
    with pytest.raises(KeyError, match="no strategy 'debat', did you mean 'debate'"):
        hl.STRATEGIES["debat"]


def test_kinds_of_confidence_may_be_a_list(folder: Folder):
    """`confidence=["tokens", "p_true"]` is `--hl-confidence tokens,p_true`; a wrong one is named."""
    folder.replies(q={"reply": "1"})
    folder.write("evals/t.yaml", "task: t\nsamples: [{id: q, input: q, target: '1'}]\nscorers: [numeric]\n")
    run = hl.evaluate("evals", provider="scripted:replies.json", confidence=["tokens", "p_true"])
    assert run.records[0].answer_metadata["elicited_confidence"].keys() == {"p_true"}
    with pytest.raises(hl.UsageError, match="write one or more of tokens, p_true, verbalized"):
        hl.evaluate("evals", provider="scripted:replies.json", confidence=["tokens", "sure"])


def test_the_folder_of_a_run_may_be_a_text(sums: Folder):
    """`cwd` is a path or a text, where a run is made and where it is read."""
    run = hl.evaluate(cwd=str(sums.path), **SCRIPTED)
    assert [record.outcome for record in run.records] == ["correct"] * 3
    assert hl.load_run(cwd=str(sums.path)).run_id == hl.runs(cwd=str(sums.path))[0].run_id
