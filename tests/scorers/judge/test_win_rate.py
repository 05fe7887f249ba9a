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
    """Rules of a judge that says these letters in the two orders."""
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
    """1 for a win in both orders, 0 for a loss in both, else 0.5; a tie is neither right nor wrong."""
    found = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes(ab, ba)))
    assert (found.score, found.outcome) == (score, outcome)
    details = found.scores["win_rate"]["details"]
    (pair,) = details["pairs"]
    assert (pair["first"], pair["second"], details["chars"]) == (ab, ba, [len("plums"), len("the blueberry")])


def test_an_unreadable_order_is_unscored(tmp_path):
    """Without a verdict in both orders there is no score; it is no tie."""
    found = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes("A", "?")))
    assert (found.outcome, found.score) == ("unscored", None)
    assert found.error == "with b first: no verdict in the judge's reply"


def test_an_outage_is_an_error(tmp_path):
    """A call of the judge that fails makes the record an error."""
    found = record(write_case(tmp_path, {"win_rate": {}}), rules({"role": "win_rate.ba", "error": "gone"}))
    assert (found.outcome, found.score) == ("error", None)


def test_the_target_is_the_other_answer(tmp_path):
    """Without `against` the judge compares with the target, in both orders; the output is A in the first."""
    found = record(write_case(tmp_path, {"win_rate": {}}), rules(*votes("A", "B")))
    texts = {call["role"]: call["messages"][-1]["content"] for call in found.transcript}
    assert texts["win_rate.ab"].index("plums") < texts["win_rate.ab"].index("the blueberry")
    assert texts["win_rate.ba"].index("plums") > texts["win_rate.ba"].index("the blueberry")


def test_against_another_models_outputs(tmp_path):
    """With `against` the output of that file is the other answer, and the target is only shown where asked for."""
    scorer = others(tmp_path, {"id": "a", "output": "cherries"})
    found = record(write_case(tmp_path, scorer), rules(*votes("A", "B")))
    text = found.transcript[1]["messages"][-1]["content"]
    assert "cherries" in text
    assert "the blueberry" not in text
    scorer["win_rate"]["reference"] = True
    found = record(write_case(tmp_path, scorer), rules(*votes("A", "B")))
    assert "the blueberry" in found.transcript[1]["messages"][-1]["content"]


def test_a_sample_that_the_other_did_not_answer_is_unscored(tmp_path):
    """Where the file has no output for a sample there is nothing to compare with, and nobody is asked."""
    two = [*SAMPLES, {"id": "b", "input": "q", "target": "t"}]
    found = record(write_case(tmp_path, others(tmp_path, {"id": "b", "output": "x"}), two), rules(*votes("A", "B")))
    assert (found.outcome, len(found.transcript)) == ("unscored", 1)
    assert found.error == "`against` has no output for sample 'a'"


def test_equal_texts_tie_unasked(tmp_path):
    """The same text is no better than itself."""
    found = record(write_case(tmp_path, {"win_rate": {}}), rules(answer="the blueberry "))
    assert (found.score, len(found.transcript)) == (0.5, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../others.jsonl", "goes up with '..'"),
        ("/etc/passwd", "is an absolute path"),
        ("other.jsonl", "did you mean 'others.jsonl'"),
        ({"a": "x"}, "must be the name of a file"),
    ],
)
def test_the_file_stands_beside_the_task(tmp_path, name, why):
    """Paths are refused as everywhere in a task file, with its line."""
    others(tmp_path, {"id": "a", "output": "x"})
    with pytest.raises(TaskError, match=r"t\.yaml:3: scorers\[0\]: ") as caught:
        write_case(tmp_path, {"win_rate": {"against": name}})
    assert why in str(caught.value)


def test_faults_of_the_file_are_told(tmp_path):
    """Ids of no sample, and rows without output, are faults with the file's own line."""
    with pytest.raises(TaskError, match=r"others\.jsonl:1: row 0: no sample has the id 'x'"):
        write_case(tmp_path, others(tmp_path, {"id": "x", "output": "y"}))


def test_several_outputs_for_a_sample_are_refused(tmp_path):
    """There is one other answer."""
    with pytest.raises(UsageError, match="sample 'a' has 2 outputs; one is compared with"):
        write_case(tmp_path, others(tmp_path, {"id": "a", "outputs": ["x", "y"]}))


def test_the_key_holds_the_other_answer_of_this_sample_only(tmp_path):
    """Another output for the sample is another key and another task; one for another sample is another task only."""
    two = [*SAMPLES, {"id": "b", "input": "q"}]
    found = []
    for a, b in (("x", "y"), ("x", "z"), ("w", "y")):
        case = write_case(tmp_path, others(tmp_path, {"id": "a", "output": a}, {"id": "b", "output": b}), two)
        found.append((case_key(case, GenerationConfig()), case.cell.task.hash))
    assert found[0][0] == found[1][0] != found[2][0]
    assert len({task for _, task in found}) == 3


def test_several_judges(tmp_path):
    """Judges' values are averaged, or most of them decide."""
    jury = {
        "x": rules(*votes("A", "B")),
        "y": rules(*votes("A", "B", "win_rate-2")),
        "z": rules(*votes("B", "A", "win_rate-3")),
    }
    models = [f"scripted:{name}" for name in jury]
    mean = record(write_case(tmp_path, {"win_rate": {"model": models}}), rules(), **jury)
    most = record(write_case(tmp_path, {"win_rate": {"model": models, "combine": "majority"}}), rules(), **jury)
    assert (mean.score, most.score) == (pytest.approx(2 / 3), 1.0)


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"reference": True}, "without `against`"),
        ({"prompt": "{answer_a}"}, "{answer_b} stands nowhere"),
        ({"prompt": "{answer_a} {answer_b} {answer}"}, "no field {answer}, did you mean 'answer_"),
        ({"verdict": "x"}, "exactly one group"),
        ({"verdict": "(x)"}, "needs a `prompt` that asks for it"),
        ({"model": "nobody"}, "unknown provider 'nobody'"),
        ({"max_tokens": 0}, "at least 1"),
    ],
)
def test_wrong_parameters_are_refused(params, why):
    """Each is one sentence, before anything runs."""
    with pytest.raises(UsageError) as caught:
        build_scorer(Spec(name="win_rate", params=params))
    assert why in str(caught.value)
