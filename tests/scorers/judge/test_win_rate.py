"""`win_rate` against the target or another model's outputs, from a task file to a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.judges import SAMPLES, record, rules, write_case

from pytest_hiddenlayer.engine.record_builder import case_key
from pytest_hiddenlayer.errors import TaskError, UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.types import GenerationConfig, Spec


def votes(ab: str, ba: str, role: str = "win_rate") -> list[dict[str, Any]]:
    """Rules of a judge that replies with these letters in the two orders."""
    return [{"role": f"{role}.ab", "reply": f"[[{ab}]]"}, {"role": f"{role}.ba", "reply": f"[[{ba}]]"}]


def others(folder: Path, *rows: dict[str, Any]) -> dict[str, Any]:
    """The scorer against a file with these rows."""
    (folder / "others.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"win_rate": {"against": "others.jsonl"}}


@pytest.mark.parametrize(
    ("ab", "ba", "score", "outcome"),
    [
        ("A", "B", 1.0, "correct"),
        ("B", "A", 0.0, "incorrect"),
        ("C", "C", 0.5, "partial"),
        ("A", "A", 0.5, "partial"),
        ("A", "C", 0.5, "partial"),
    ],
)
def test_win_tie_loss(tmp_path, ab, ba, score, outcome):
    """1 for a win in both orders, 0 for a loss in both, else 0.5; a tie is partial."""
    judged = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes(ab, ba)))
    assert (judged.score, judged.outcome) == (score, outcome)
    details = judged.scores["win_rate"]["details"]
    (pair,) = details["pairs"]
    assert (pair["first"], pair["second"], details["chars"]) == (ab, ba, [len("plums"), len("the blueberry")])


def test_an_unreadable_order_is_unscored(tmp_path):
    """Without a verdict in both orders there is no score, not a tie."""
    judged = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes("A", "?")))
    assert (judged.outcome, judged.score) == ("unscored", None)
    assert judged.error == "with b first: no verdict in the judge's reply"


def test_an_outage_is_an_error(tmp_path):
    """If a call of the judge fails, the outcome is `error`."""
    judged = record(write_case(tmp_path, {"win_rate": {}}), rules({"role": "win_rate.ba", "error": "gone"}))
    assert (judged.outcome, judged.score) == ("error", None)


def test_the_target_is_the_other_answer(tmp_path):
    """Without `against` the judge compares with the target, in both orders; the output is A in the first."""
    judged = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes("A", "B")))
    texts = {call["role"]: call["messages"][-1]["content"] for call in judged.transcript}
    assert texts["win_rate.ab"].index("plums") < texts["win_rate.ab"].index("the blueberry")
    assert texts["win_rate.ba"].index("plums") > texts["win_rate.ba"].index("the blueberry")


def test_against_another_models_outputs(tmp_path):
    """With `against` the opponent is that file's output, and the judge reads the target only with `reference`."""
    scorer = others(tmp_path, {"id": "a", "output": "cherries"})
    judged = record(write_case(tmp_path, scorer), rules(*votes("A", "B")))
    text = judged.transcript[1]["messages"][-1]["content"]
    assert "cherries" in text
    assert "the blueberry" not in text
    scorer["win_rate"]["reference"] = True
    judged = record(write_case(tmp_path, scorer), rules(*votes("A", "B")))
    assert "the blueberry" in judged.transcript[1]["messages"][-1]["content"]


def test_the_other_models_reasoning_is_not_judged(tmp_path):
    """Its recorded output is read as an answer of this run is."""
    scorer = others(tmp_path, {"id": "a", "output": "<think>SECRET</think>cherries"})
    judged = record(write_case(tmp_path, scorer), rules(*votes("A", "B")))
    text = judged.transcript[1]["messages"][-1]["content"]
    assert "cherries" in text
    assert "SECRET" not in text


def test_a_sample_that_the_other_did_not_answer_is_unscored(tmp_path):
    """A sample without an opponent is unscored without a call."""
    two = [*SAMPLES, {"id": "b", "input": "q", "target": "t"}]
    judged = record(write_case(tmp_path, others(tmp_path, {"id": "b", "output": "x"}), two), rules(*votes("A", "B")))
    assert (judged.outcome, len(judged.transcript)) == ("unscored", 1)
    assert judged.error == "`against` has no output for sample 'a'"


def test_equal_texts_tie_unasked(tmp_path):
    """Equal texts tie without a call."""
    judged = record(write_case(tmp_path, {"win_rate": {}}), rules(answer="the blueberry "))
    assert (judged.score, len(judged.transcript)) == (0.5, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../others.jsonl", "goes up with '..'"),
        ("/etc/passwd", "is an absolute path"),
        ("other.jsonl", "did you mean 'others.jsonl'"),
        ({"a": "x"}, "must be the name of a file"),
    ],
)
def test_the_file_is_in_the_folder_of_the_task(tmp_path, name, why):
    """A disallowed path is an error with the line of the task file."""
    others(tmp_path, {"id": "a", "output": "x"})
    with pytest.raises(TaskError, match=r"t\.yaml:3: scorers\[0\]: ") as caught:
        write_case(tmp_path, {"win_rate": {"against": name}})
    assert why in str(caught.value)


def test_errors_of_the_file_have_its_line(tmp_path):
    """Unknown ids, and rows without output, are errors with the line of the file."""
    with pytest.raises(TaskError, match=r"others\.jsonl:1: row 0: no sample has the id 'x'"):
        write_case(tmp_path, others(tmp_path, {"id": "x", "output": "y"}))


def test_several_outputs_for_a_sample_are_refused(tmp_path):
    """Several outputs per sample are an error."""
    with pytest.raises(UsageError, match="sample 'a' has 2 outputs; keep one per sample"):
        write_case(tmp_path, others(tmp_path, {"id": "a", "outputs": ["x", "y"]}))


def test_the_key_holds_the_other_answer_of_this_sample_only(tmp_path):
    """Another output for the sample is another key and another task; one for another sample is another task only."""
    two = [*SAMPLES, {"id": "b", "input": "q"}]
    keys = []
    for a, b in (("x", "y"), ("x", "z"), ("w", "y")):
        case = write_case(tmp_path, others(tmp_path, {"id": "a", "output": a}, {"id": "b", "output": b}), two)
        keys.append((case_key(case, GenerationConfig()), case.cell.task.hash))
    assert keys[0][0] == keys[1][0] != keys[2][0]
    assert len({task for _, task in keys}) == 3


def test_several_judges(tmp_path):
    """Several judges are averaged, or their majority decides."""
    panel = {
        "x": rules(*votes("A", "B")),
        "y": rules(*votes("A", "B", "win_rate-2")),
        "z": rules(*votes("B", "A", "win_rate-3")),
    }
    models = [f"scripted:{name}" for name in panel]
    mean = record(write_case(tmp_path, {"win_rate": {"model": models}}), rules(), **panel)
    majority = record(write_case(tmp_path, {"win_rate": {"model": models, "combine": "majority"}}), rules(), **panel)
    assert (mean.score, majority.score) == (pytest.approx(2 / 3), 1.0)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"reference": True}, "without `against`"),
        ({"prompt": "{answer_a}"}, "lacks {answer_b}"),
        ({"prompt": "{answer_a} {answer_b} {answer}"}, "no field {answer}, did you mean 'answer_"),
        ({"verdict": "x"}, "exactly one group"),
        ({"verdict": "(x)"}, "needs a `prompt` that requests it"),
        ({"model": "nobody"}, "unknown provider 'nobody'"),
        ({"max_tokens": 0}, "at least 1"),
    ],
)
def test_wrong_parameters_are_refused(params, why):
    """A wrong parameter is an error of one sentence before anything runs."""
    with pytest.raises(UsageError) as caught:
        build_scorer(Spec(name="win_rate", params=params))
    assert why in str(caught.value)
