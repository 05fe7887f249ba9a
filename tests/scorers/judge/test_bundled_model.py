"""The bundled model as a judge, with the scorers' prompts and with custom ones."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.api import evaluate_paths
from pytest_hiddenlayer.engine.judge_session import JudgeSession
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.project import Project
from pytest_hiddenlayer.scorers.judge.pairwise import judge_pair
from pytest_hiddenlayer.scorers.judge.prompt import JudgePrompt
from pytest_hiddenlayer.scorers.judge.scale import PAIR
from pytest_hiddenlayer.scorers.judge.verdict_parser import VerdictFormat
from pytest_hiddenlayer.types import ModelName, Record

PAIRS = "Question: {question}\nA: {answer_a}\nB: {answer_b}\nWhich answer is better, A or B?"
AT_ONCE = f"{PAIRS} Reply with the letter only."
LETTER, REASONED = r"^\W*([AB])\b", "Answer: ([AB])"
ANSWERS = "Question: {question}\nGiven answer: {answer}\nIs the given answer correct? Reason first, then answer."
SUMS = [(382, 312), (167, 537), (654, 555), (215, 620), (118, 401), (733, 152), (509, 265), (344, 281)]


def run(folder: Path, scorer: dict[str, Any], outputs: list[str]) -> list[Record]:
    """Records of these recorded answers to SUMS, judged by the bundled model."""
    rows = [{"id": f"s{i}", "input": f"What is {a}+{b}?", "target": str(a + b)} for i, (a, b) in enumerate(SUMS)]
    recorded = {f"s{i}": text for i, text in enumerate(outputs)}
    whole = {"task": "t", "samples": rows, "scorers": [scorer], "outputs": recorded}
    (folder / "t.yaml").write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in whole.items()))
    options = RunOptions(providers=(ModelName(provider="recorded"),), judge=ModelName(provider="mlx"), gate="off")
    return evaluate_paths([folder / "t.yaml"], options, Project(root=folder, cwd=folder)).records


RIGHT = [str(a + b) for a, b in SUMS]
WRONG = [str(a + b + 110) for a, b in SUMS]


def against(folder: Path, outputs: list[str]) -> str:
    """A file of other outputs."""
    lines = [json.dumps({"id": f"s{i}", "output": text}) for i, text in enumerate(outputs)]
    (folder / "others.jsonl").write_text("\n".join(lines))
    return "others.jsonl"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scorer", "form"),
    [
        ("win_rate", {}),
        ("win_rate", {"prompt": PAIRS, "verdict": REASONED}),
        ("llm_judge", {"criteria": "The answer is correct."}),
        ("llm_judge", {"criteria": "The answer is correct.", "scale": "yes_no"}),
    ],
    ids=["pairs", "pairs-own-prompt", "one-to-five", "yes-no"],
)
def test_it_prefers_correct_answers(tmp_path, scorer, form):
    """If it solves the sums first, it prefers the correct answers, with the scorers' prompts and a custom one."""
    pairs = scorer == "win_rate"
    for outputs, others, wanted in ((RIGHT, WRONG, True), (WRONG, RIGHT, False)):
        params = {**form, "against": against(tmp_path, others)} if pairs else form
        records = run(tmp_path, {scorer: params}, outputs)
        assert all(record.score is not None for record in records)
        assert sum((record.score > 0.5) == wanted for record in records) >= len(SUMS) - 1


def test_position_bias_makes_ties(tmp_path):
    """Without working it guesses, and the same position in both orders is a tie."""
    params = {"prompt": AT_ONCE, "verdict": LETTER, "against": against(tmp_path, WRONG)}
    records = run(tmp_path, {"win_rate": params}, RIGHT)
    votes = [record.scores["win_rate"]["details"]["pairs"][0] for record in records]
    expected = {"AB": 1.0, "BA": 0.0, "AA": 0.5, "BB": 0.5}
    assert [record.score for record in records] == [expected[vote["first"] + vote["second"]] for vote in votes]
    assert any(vote["consistent"] is False for vote in votes)  # it does prefer a position


def test_its_probabilities_weigh_its_verdict(tmp_path):
    """The score is the probability of yes at the verdict's token, and the verdict the more probable of the two."""
    scorer = {"llm_judge": {"prompt": ANSWERS, "verdict": "Answer: (yes|no)", "scale": "yes_no"}}
    for record in run(tmp_path, scorer, RIGHT):
        (opinion,) = record.scores["llm_judge"]["details"]["opinions"]
        assert opinion["by"] == "probabilities"
        assert record.score == opinion["shares"]["yes"]
        assert math.fsum(opinion["shares"].values()) == pytest.approx(1.0)
        assert record.transcript[-1]["completion"].endswith(f"Answer: {opinion['verdict']}")
        assert (record.score > 0.5) == (opinion["verdict"] == "yes")
        assert len(record.transcript) == 2  # one answer, one verdict


def test_a_judge_session_gives_the_verdict_of_a_run(tmp_path):
    """A pair gets the same votes from a judge session as from a scorer."""
    params = {"prompt": PAIRS, "verdict": REASONED, "against": against(tmp_path, WRONG)}
    records = run(tmp_path, {"win_rate": params}, RIGHT)
    prompt = JudgePrompt(template=PAIRS, verdict_format=VerdictFormat.from_param(PAIR, REASONED), fenced=False)
    with JudgeSession(ModelName(provider="mlx")) as session:
        judged = session.gather(
            judge_pair(session.ask, f"What is {a}+{b}?", right, wrong, prompt=prompt)
            for (a, b), right, wrong in zip(SUMS, RIGHT, WRONG, strict=True)
        )
        assert session.usage.calls == 2 * len(SUMS)
        assert session.cost_usd == 0.0
    pairs = [record.scores["win_rate"]["details"]["pairs"][0] for record in records]
    assert [(one.first, one.second) for one in judged] == [(pair["first"], pair["second"]) for pair in pairs]
