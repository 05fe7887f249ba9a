"""Equal budget: what is drawn for a strategy's record, and what the draws say."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import record

from pytest_hiddenlayer.engine.budget_controls import draws_due
from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.engine.usage import TokenUsage, strategy_calls, usage_of
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.identifiers import control_label, controlled
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import scorer, strategy
from pytest_hiddenlayer.report.budget_match import find, text, warnings
from pytest_hiddenlayer.report.budget_match_html import html
from pytest_hiddenlayer.results.budget_match.compare import BudgetMatchedComparison, equal_budget, pass_at, voted
from pytest_hiddenlayer.results.budget_match.control_cells import control_figures
from pytest_hiddenlayer.results.budget_match.pareto import fronts
from pytest_hiddenlayer.results.budget_match.round_transitions import flips
from pytest_hiddenlayer.results.metrics.cells import config_from_records
from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Answer, Completion, GenerationConfig, ModelName, Record, Request, Score, Usage

TASK = """task: t
samples: [{id: a, input: "What is 6*7?", target: 42}]
scorers: [SCORER]
"""


@dataclass
class Fake:
    """A provider that answers by role; a call of `role` takes `tokens[role]` tokens, 5 where none is named."""

    reply: Callable[[Request], str] = lambda request: "42"
    tokens: dict[str, int | None] = field(default_factory=dict)
    at_once: int = 0  # draws that must be in flight together
    model: str = "fake"
    asked: list[Request] = field(default_factory=list)
    _met: asyncio.Barrier | None = None

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        if self.at_once and request.role == "control":
            self._met = self._met or asyncio.Barrier(self.at_once)
            await asyncio.wait_for(self._met.wait(), timeout=60)
        said = self.reply(request)
        if said == "boom":
            raise ProviderError("server said 500")
        tokens = self.tokens.get(request.role.partition("-")[0], 5)
        usage = Usage(input_tokens=None if tokens is None else tokens - 1, output_tokens=1, calls=1)
        reason = "length" if said.endswith("…") else "stop"
        return Completion(text=said, finish_reason=reason, usage=usage, latency_s=0.0, model="fake", cost_usd=0.5)

    async def close(self) -> None:
        """Nothing is open."""

    def draws(self) -> list[Request]:
        """The calls of the control."""
        return [request for request in self.asked if request.role == "control"]


@dataclass
class Drawn:
    """What came of one case."""

    record: Record
    controls: list[Record]
    logged: list[Record]


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Drawn]:
    """Answer the one sample with a strategy as it is typed, under equal budget."""

    def run(
        typed: str, fake: Fake, *, scorer: str = "numeric", more: str = "", epoch: int = 1, **options: object
    ) -> Drawn:
        case = _case(tmp_path, typed, scorer, more)
        logged: list[Record] = []
        controls: list[Record] = []
        runtime = Runtime(RunOptions(**{"equal_budget": True, **options}), "r", on_records=logged.extend)
        try:
            future = runtime.submit(replace(case, epoch=epoch), fake, fake, controls.append)
            return Drawn(record=runtime.wait(future), controls=controls, logged=logged)
        finally:
            runtime.close()

    return run


def _case(folder: Path, typed: str, scorer: str = "numeric", more: str = "") -> Case:
    (folder / "t.yaml").write_text(TASK.replace("SCORER", scorer) + more)
    options = RunOptions(providers=(ModelName(provider="scripted"),), strategies=(parse_strategy(typed),))
    return next(cases(cells(load_task(folder / "t.yaml", folder), options)[0]))


# ---------------------------------------------------------------- what is drawn


def test_as_many_draws_as_the_strategy_made_calls(answer):
    """A debate of seven calls gets seven draws, numbered as epochs of a cell of `single`."""
    drawn = answer("debate", Fake())
    assert drawn.record.usage["calls"] == 7
    assert [control.epoch for control in drawn.controls] == [1, 2, 3, 4, 5, 6, 7]
    assert {(c.strategy, c.label, c.sample_id) for c in drawn.controls} == {("single", "single.control=debate", "a")}
    assert {c.strategy_params["control"] for c in drawn.controls} == {"debate"}


def test_a_draw_is_the_plain_prompt_asked_once(answer):
    """Each draw asks the candidate the task's prompt once, warm, with a seed of its own; no judge is asked."""
    fake = Fake()
    drawn = answer("debate", fake)
    draws = fake.draws()
    assert {request.messages[-1].content for request in draws} == {"What is 6*7?"}
    assert {request.params.temperature for request in draws} == {0.8}
    assert len({request.seed for request in fake.asked}) == 14
    assert sum(request.role == "judge" for request in fake.asked) == 1
    assert all(len(control.transcript) == 1 for control in drawn.controls)


@pytest.mark.parametrize("typed", ["manager_worker", "self_consistency:n_samples=4"])
def test_every_strategy_of_several_calls_has_draws(answer, typed):
    """N is what the strategy asked, whichever it is."""
    drawn = answer(typed, Fake(lambda request: "1. 42\n2. 42" if request.role == "manager" else "42"))
    assert len(drawn.controls) == drawn.record.usage["calls"] == 4


def test_draws_go_on_until_the_tokens_are_reached(answer):
    """A debate of 7 calls and 70 tokens gets 14 draws of 5 tokens."""
    drawn = answer("debate", Fake(tokens={"agent": 10, "judge": 10}))
    assert len(drawn.controls) == 14
    assert usage_of(*drawn.controls).tokens == usage_of(drawn.record).tokens == 70


def test_draws_end_at_four_times_the_calls(answer):
    """A strategy of very many tokens gets 4 × N draws."""
    assert len(answer("debate", Fake(tokens={"agent": 1000})).controls) == 28


def test_longer_draws_than_calls(answer):
    """Where a draw takes more tokens than a call of the strategy, N draws are enough."""
    assert len(answer("debate", Fake(tokens={"control": 500})).controls) == 7


@pytest.mark.parametrize("role", ["agent", "control"])
def test_unknown_tokens_get_the_draws_of_the_calls(answer, role):
    """Where the provider tells no tokens, the calls alone are matched."""
    assert len(answer("debate", Fake(tokens={role: None})).controls) == 7


def test_all_draws_are_asked_at_once(answer):
    """The seven draws are in flight together."""
    assert len(answer("debate", Fake(at_once=7)).controls) == 7


def test_a_failed_draw_is_an_error_of_the_control(answer):
    """A draw that fails is an error record of the control; the strategy's record and the other draws stand."""
    fake = Fake(lambda r: "boom" if r.role == "control" and r.epoch == 3 else "42")
    drawn = answer("debate", fake)
    assert drawn.record.outcome == "correct"
    outcomes = [control.outcome for control in drawn.controls]
    assert outcomes[2] == "error"
    assert outcomes.count("correct") == len(outcomes) - 1
    assert drawn.controls[2].error == "server said 500"


def test_an_outage_is_not_asked_on(answer):
    """Where every draw failed, no more than N are asked."""
    drawn = answer("debate", Fake(lambda r: "boom" if r.role == "control" else "42", tokens={"agent": 100}))
    assert [control.outcome for control in drawn.controls] == ["error"] * 7


def test_draws_are_logged_after_the_record(answer):
    """The record is in the log first, then every draw once."""
    drawn = answer("debate", Fake())
    assert drawn.logged[0] == drawn.record
    assert sorted(c.epoch for c in drawn.logged[1:]) == [c.epoch for c in drawn.controls]
    assert len({one.key for one in drawn.logged}) == 8


def test_the_same_draws_for_every_strategy(answer):
    """Draws of one number have one seed in the controls of all strategies, so that all meet the same."""
    seeds = []
    for typed in ("debate", "self_consistency:n_samples=7"):
        fake = Fake()
        answer(typed, fake)
        seeds.append([request.seed for request in fake.draws()])
    assert seeds[0] == seeds[1]


@pytest.mark.parametrize(
    ("typed", "reply", "more"),
    [
        ("single", "42", {}),
        ("self_consistency:n_samples=1", "42", {}),
        ("debate", "cut…", {}),
        ("debate", "boom", {}),
        ("debate", "42", {"epoch": 2}),
        ("debate", "42", {"equal_budget": False}),
    ],
    ids=["single", "one call", "truncated", "error", "epoch 2", "not asked for"],
)
def test_nothing_is_drawn(answer, typed, reply, more):
    """No draw for one call, for an answer without a score, for later epochs, and without the option."""
    fake = Fake(lambda request: reply)
    assert answer(typed, fake, **more).controls == []
    assert fake.draws() == []


def test_nothing_is_drawn_for_a_caller_that_takes_no_draws(tmp_path):
    """Who does not say where the draws shall go pays for none."""
    fake, runtime = Fake(), Runtime(RunOptions(equal_budget=True), "r")
    runtime.wait(runtime.submit(_case(tmp_path, "debate"), fake, fake))
    runtime.close()
    assert len(fake.asked) == 7


def test_the_task_files_temperature_holds_for_draws(answer):
    """generate.temperature of the task file, and above it the option's, is that of the draws."""
    fake = Fake()
    answer("debate", fake, more="generate: {temperature: 0.3}\n")
    answer("debate", fake, more="generate: {temperature: 0.3}\n", generate=GenerationConfig(temperature=1.5))
    assert [request.params.temperature for request in fake.draws()] == [0.3] * 7 + [1.5] * 7


def test_calls_of_a_scorer_are_not_the_strategys(answer):
    """What a scorer asks is noted, and is neither a call nor a token of the strategy."""

    @scorer("test_equal_budget_asks")
    async def asks(output, sample, ask):
        await ask("Is it right?", role="scorer", judge=True)
        return 1.0

    drawn = answer("debate", Fake(tokens={"scorer": 1000}), scorer="test_equal_budget_asks")
    assert (drawn.record.usage["calls"], drawn.record.answer_metadata["scoring_calls"]) == (8, 1)
    assert usage_of(drawn.record) == TokenUsage(calls=7, tokens=35, cost_usd=3.5)
    assert len(drawn.controls) == 7
    assert [call["role"] for call in strategy_calls(drawn.controls[0])] == ["control"]


def test_labels_cannot_collide(tmp_path):
    """Two strategies never share a control, and a user's strategy cannot take a control's label."""
    labels = ["debate", "debate.n_agents=5", "debate.n_agents=5,n_rounds=3", "single.control=x"]
    assert [controlled(control_label(label)) for label in labels] == labels
    assert controlled("single") is None
    from pytest_hiddenlayer.registry import strategies

    @strategy("single")
    async def single(context, *, control="none"):
        return Answer(output="")

    try:
        with pytest.raises(UsageError, match=r"single\.control=debate"):
            _case(tmp_path, "single:control=debate")
    finally:
        del strategies._own["single"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 2000), st.integers(1, 60))
def test_no_draw_is_asked_in_vain(tokens, budget, most):
    """What is due never exceeds what it takes when no draw is longer than the longest, nor the most there may be."""
    drawn = [made("a", 1.0, tokens=t) for t in tokens]
    due = draws_due(drawn, budget, max(most, len(drawn)))
    assert 0 <= due <= max(most, len(drawn)) - len(drawn)
    assert sum(tokens) + (due - 1) * max(tokens) < budget or due == 0
    assert (due == 0) == (sum(tokens) >= budget or len(drawn) >= most)


# ---------------------------------------------------------------- who was right in which round


def by_round(*rounds: tuple[str, ...], judge: str = "42") -> Callable[[Request], str]:
    """Replies by round and agent; the judge's and the draws' apart."""

    def reply(request: Request) -> str:
        return rounds[request.round][int(request.role[-1]) - 1] if request.role.startswith("agent") else judge

    return reply


def test_agents_are_scored_in_every_round(answer):
    """Each agent's completion of each round has the headline score; a cut-off one has none."""
    drawn = answer("debate", Fake(by_round(("It is 41.", "42", "42…"), ("42", "no idea", "7"))), equal_budget=False)
    right = {"score": 1.0, "right": True, "answer": "42"}
    assert drawn.record.answer_metadata["round_scores"] == {
        "agent-1": {"0": {"score": 0.0, "right": False, "answer": "41"}, "1": right},
        "agent-2": {"0": right, "1": {"score": 0.0, "right": False, "answer": None}},
        "agent-3": {
            "0": {"score": None, "right": None, "answer": None},
            "1": {"score": 0.0, "right": False, "answer": "7"},
        },
    }
    json.dumps(drawn.record.to_json(), allow_nan=False)


@pytest.mark.parametrize("typed", ["single", "self_consistency", "manager_worker", "debate:n_rounds=1"])
def test_no_scores_by_round_where_no_agent_speaks_twice(answer, typed):
    """Only agents that speak in several rounds are scored by round."""
    reply = Fake(lambda request: "1. 42" if request.role == "manager" else "42")
    assert "round_scores" not in answer(typed, reply, equal_budget=False).record.answer_metadata


@pytest.mark.parametrize("known", [True, False], ids=["says so", "does not say so"])
def test_a_judged_scorer_is_not_asked_by_round(answer, known):
    """A scorer that takes model calls scores the answer only; nobody is asked for the rounds."""

    class Asks:
        def parse(self, output, sample):
            return output

        async def score(self, output, sample, ask=None):
            try:
                await ask("Is it right?", role="scorer")
            except ProviderError:
                return Score(value=None, explanation="no judge")
            return Score(value=1.0)

    name = f"test_equal_budget_judge_{known}".lower()
    if known:

        @scorer(name)
        async def function(output, sample, ask):
            return await Asks().score(output, sample, ask)

    else:
        scorer(name)(lambda: Asks())
    fake = Fake()
    drawn = answer("debate", fake, scorer=name, equal_budget=False)
    assert drawn.record.outcome == "correct"
    assert sum(request.role == "scorer" for request in fake.asked) == 1
    assert "round_scores" not in drawn.record.answer_metadata


def test_a_scorer_that_fails_on_a_round_leaves_it_unscored(answer):
    """What a user's scorer raises over an intermediate text is no error of the record."""

    @scorer("test_equal_budget_raises")
    def raises(output, sample):
        return {"42": 1.0}[output]

    drawn = answer(
        "debate", Fake(by_round(("41", "42", "42"), ("42", "42", "42"))), scorer="test_equal_budget_raises"
    )
    assert drawn.record.outcome == "correct"
    assert drawn.record.answer_metadata["round_scores"]["agent-1"]["0"]["right"] is None
    assert drawn.record.answer_metadata["round_scores"]["agent-1"]["1"]["right"] is True


# ---------------------------------------------------------------- what the draws say


def made(name: str, value: float | None, *, calls: int = 1, tokens: int | None = 6, **changes: object) -> Record:
    """A record of `calls` calls of `tokens` tokens and $0.25 each; its answer is its output."""
    usage = {"input_tokens": tokens, "output_tokens": 0}
    transcript = [{"role": "control", "usage": usage, "cost_usd": 0.25}] * calls
    return record(name, value, **{"transcript": transcript, **changes})


def debated(name: str, value: float | None, **changes: object) -> Record:
    """A debate's record: 3 calls, 30 tokens."""
    return made(name, value, **{"calls": 3, "tokens": 10, "strategy": "debate", "label": "debate", **changes})


def draws(name: str, *said: tuple[str | None, float | None], **changes: object) -> list[Record]:
    """The draws of a sample, (answer, score) each, in order."""
    return [
        made(name, score, answer=answer, output=answer, epoch=i, label="single.control=debate", **changes)
        for i, (answer, score) in enumerate(said, 1)
    ]


A, B, C, LOST = ("a", 1.0), ("b", 0.0), ("c", 0.0), (None, None)
HAND = [
    debated("s1", 1.0),  # single 1/3; votes: b of 3, a of 5; pass@3: 1 - C(2,3)/C(5,3) = 1
    *draws("s1", A, B, B, A, A),
    debated("s2", 0.0),  # single 1; votes a, a; pass@3 = 1
    *draws("s2", A, A, A, B, C),
    debated("s3", 1.0),  # single 0; b of 3, b of 5; pass@3: 1 - C(4,3)/C(5,3) = 0.6
    *draws("s3", B, C, B, A, B),
    debated("s4", 1.0),  # the failed draw counts for nothing: single 1/2; a; a; pass@3: 1 - C(1,3)/C(4,3) = 1
    *draws("s4", LOST, A, B, A, A),
]


def only(records: list[Record]) -> BudgetMatchedComparison:
    """The one comparison of these records."""
    (found,) = equal_budget(records)
    return found


@pytest.mark.parametrize(
    ("at", "name", "control"),
    [
        (0, "single, same calls", [1 / 3, 1.0, 0.0, 1 / 2]),
        (1, "self_consistency, same calls", [0.0, 1.0, 0.0, 1.0]),
        (2, "self_consistency, same tokens", [1.0, 1.0, 0.0, 1.0]),
        (3, "oracle, same calls", [1.0, 1.0, 0.6, 1.0]),
    ],
)
def test_the_four_uses_by_hand(at, name, control):
    """Each use of the draws has the score that one computes by hand, and is paired sample by sample."""
    side = only(HAND).against_controls[at]
    own = [1.0, 0.0, 1.0, 1.0]
    assert side.name == name
    assert (side.strategy.n, side.left_out) == (4, 0)
    assert side.control.mean == pytest.approx(sum(control) / 4)
    assert side.paired.difference == pytest.approx((sum(own) - sum(control)) / 4)
    expected = compare_pairs(control, own)
    assert side.paired.ci95 == pytest.approx(expected.ci95)
    assert (side.paired.p_better, side.paired.p_worse) == pytest.approx((expected.p_better, expected.p_worse))


def test_what_both_sides_took():
    """Calls, tokens and cost are means a sample: three calls of ten tokens against draws of six."""
    single, _, tokens, _ = only(HAND).against_controls
    assert (single.strategy_spent.calls, single.strategy_spent.tokens, single.strategy_spent.cost_usd) == (
        3,
        30,
        0.75,
    )
    assert (single.control_spent.calls, single.control_spent.tokens, single.control_spent.cost_usd) == (3, 18, 0.75)
    assert (tokens.control_spent.calls, tokens.control_spent.tokens, tokens.control_spent.cost_usd) == (5, 30, 1.25)


def test_the_order_of_records_does_not_matter():
    """Workers report in any order; the figures are the same to the last digit."""
    shuffled = list(HAND)
    random.Random(1).shuffle(shuffled)
    assert equal_budget(shuffled) == equal_budget(HAND)
    assert find(shuffled).to_json() == find(HAND).to_json()


def test_fewer_draws_than_calls_can_reach_the_tokens():
    """Where two draws take the tokens of three calls, the vote at the same tokens has two."""
    side = only([debated("s", 1.0), *draws("s", B, A, A, tokens=15)]).against_controls[2]
    assert (side.control_spent.calls, side.control.mean) == (2, 0.0)


def test_draws_that_did_not_reach_the_tokens_are_counted():
    """At the cap all draws vote, and the sample is counted as short."""
    found = only([debated("s", 1.0, tokens=1000), *draws("s", A, B, A)])
    assert (found.short, found.against_controls[2].control_spent.calls) == (1, 3)


def test_unknown_tokens_leave_the_token_budget_out():
    """Without tokens there is no vote at the same tokens; the others stand."""
    found = only([debated("s", 1.0), *draws("s", A, A, A, tokens=None)])
    assert found.tokens_unknown == 1
    assert [side.paired is None for side in found.against_controls] == [False, False, True, False]
    assert found.against_controls[0].control_spent.tokens is None


def test_unscored_draws_are_not_wrong():
    """A sample whose draws all failed is left out and counted; it lowers nobody's score."""
    records = [debated("s", 1.0), *draws("s", A, A, A), debated("t", 1.0), *draws("t", LOST, LOST, LOST)]
    found = only(records)
    assert [(side.strategy.n, side.left_out, side.control.mean) for side in found.against_controls] == [
        (1, 1, 1.0)
    ] * 4
    assert (found.draws, found.draws_unscored) == (6, 3)


def test_nothing_scored_at_all():
    """Where neither strategy nor draws have a score, that is said, with no figure and no NaN."""
    found = find([debated("s", None), debated("t", 1.0), *draws("t", LOST, LOST)])
    assert [side.paired for side in found.compared[0].against_controls] == [None] * 4
    said = text(found, width=100, colour=False)
    assert "1 sample(s) without a score are left out" in said
    assert "2 of 2 control samples have no score; they do not count as wrong" in said
    assert "nan" not in said.lower()
    json.dumps(found.to_json(), allow_nan=False)


def test_every_sample_unscored():
    """A strategy without any score has nothing to compare, and the section says so."""
    found = find([debated("s", None), debated("t", None)])
    assert found.compared[0].against_controls == ()
    assert "t debate: none of 2 sample(s) has a score: nothing to compare" in warnings(found)


def test_a_strategy_of_one_call():
    """One call a sample is said to need no control."""
    found = find([debated("s", 1.0, calls=1, label="mine", strategy="mine")])
    assert (found.compared[0].one_call, found.compared[0].against_controls) == (1, ())
    assert "t mine: makes one call per sample, so `single` already matches its budget" in warnings(found)


def test_samples_of_one_call_beside_others_are_counted():
    """A strategy that sometimes asks once is compared where it asked more, and that is said."""
    found = find([debated("s", 1.0), *draws("s", A, A, A), debated("t", 1.0, calls=1)])
    assert found.compared[0].compared == 1
    assert any("1 sample(s) answered with one call are left out" in line for line in warnings(found))


def test_a_run_without_draws_says_how_to_make_them():
    """Records of a run without the option name it."""
    assert "t debate: 1 sample(s) have no control samples: run with --hl-equal-budget" in warnings(
        find([debated("s", 1.0)])
    )


def test_single_alone_has_no_comparison():
    """A run of `single` alone says that there is nothing to hold against it."""
    found = find([record("s", 1.0, transcript=[])])
    assert found.compared == []
    assert warnings(found) == ["no strategy other than single was run: nothing to compare with single answers"]


def test_one_sample():
    """One sample has a difference and no interval."""
    side = only([debated("s", 1.0), *draws("s", B, B, A)]).against_controls[0]
    assert side.paired.difference == pytest.approx(2 / 3)
    assert side.paired.ci95 is None
    assert side.paired.p_better == pytest.approx(0.5)


def test_later_epochs_are_not_compared():
    """With --epochs the first epoch alone is held against the draws, and that is said."""
    records = [debated("s", 1.0), debated("s", 0.0, epoch=2), *draws("s", A, A, A)]
    found = find(records)
    assert found.compared[0].against_controls[0].strategy.mean == 1.0
    assert any("epoch 1 only: 1 record(s) of later epochs" in line for line in warnings(found))


def test_groups_are_clusters():
    """Samples of one group are one cluster of the comparison."""
    records = [r for n in "stuv" for r in (debated(n, 1.0, group="g" + str(n < "u")), *draws(n, B, B, B))]
    assert only(records).against_controls[0].paired.n_groups == 2


def test_greedy_draws_are_told():
    """Draws that are one text for every sample are told: a vote over them is one answer."""
    assert any(
        "the same text, as at temperature 0" in line
        for line in warnings(find([debated("s", 1.0), *draws("s", A, A)]))
    )
    sure = [*HAND, debated("s5", 1.0), *draws("s5", A, A, A, A, A)]
    assert not any("temperature" in line for line in warnings(find(sure)))


def test_two_cells_two_comparisons():
    """Strategies, models and tasks each have their own control."""
    other = {"label": "debate.n_agents=5", "strategy": "debate"}
    theirs = [replace(d, label="single.control=debate.n_agents=5") for d in draws("s", B, B, B)]
    found = equal_budget([debated("s", 1.0), *draws("s", A, A, A), debated("s", 1.0, **other), *theirs])
    assert [(one.key[1], one.against_controls[0].control.mean) for one in found] == [
        ("debate", 1.0),
        ("debate.n_agents=5", 0.0),
    ]


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ([A, B], 1.0),  # a tie goes to the first seen
        ([B, A], 0.0),
        ([(None, 0.0), (None, 0.0), A], 1.0),  # who has no answer does not vote
        ([(None, 0.0), LOST], 0.0),  # nobody has an answer: the first scored draw
        ([("a", None), A, B], 1.0),  # the first scored draw with the winning answer
        ([LOST], None),
    ],
)
def test_votes(said, score):
    """The vote's score by hand."""
    assert voted(draws("s", *said)) == score


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_pass_at_k_is_the_share_of_choices_with_a_right_one(right, k):
    """The estimator equals counting: the share of all k-subsets of the draws that hold a right one."""
    found = pass_at(draws("s", *[("x", float(value)) for value in right]), k)
    chosen = list(combinations(right, min(k, len(right))))
    assert found == pytest.approx(sum(map(any, chosen)) / len(chosen))


def test_pass_at_k_published():
    """The product form printed with the estimator of Chen et al. 2021: n=200, c=13, k=10."""
    by_product = 1 - math.prod(1 - 10 / i for i in range(200 - 13 + 1, 201))
    assert pass_at(draws("s", *([A] * 13 + [B] * 187)), 10) == pytest.approx(by_product, abs=1e-12)


# ---------------------------------------------------------------- the control's cell


def test_the_control_is_a_cell_in_the_table():
    """A control has figures like any cell: a sample's score is the mean of its draws, and it has no gate."""
    plan = replace(
        config_from_records([r for r in HAND if r.label == "debate"]), gate_id="x", threshold=0.9, reducer="max"
    )
    (found,) = control_figures([plan], HAND)
    assert found.plan.key == ("t", "single.control=debate", "scripted", "m")
    assert (found.plan.gate_id, found.plan.threshold, found.n_selected) == (None, None, 4)
    assert found.estimate.mean == pytest.approx((3 / 5 + 3 / 5 + 1 / 5 + 3 / 4) / 4)
    assert found.outcomes == {"correct": 10, "incorrect": 9, "error": 1}


def test_no_control_no_cell():
    """A plan without draws gets no cell."""
    assert control_figures([config_from_records([debated("s", 1.0)])], [debated("s", 1.0)]) == []


# ---------------------------------------------------------------- flips


def rounds(*agents: str, answers: tuple[str, ...] | None = None) -> dict[str, object]:
    """Notes: one text an agent, one letter a round: r right, w wrong, - unscored; answers default to the letters."""
    said = answers or agents
    return {
        "round_scores": {
            f"agent-{i}": {
                str(at): {
                    "score": None,
                    "right": {"r": True, "w": False, "-": None}[c],
                    "answer": None if c == "-" else say,
                }
                for at, (c, say) in enumerate(zip(agent, words, strict=True))
            }
            for i, (agent, words) in enumerate(zip(agents, said, strict=True), 1)
        }
    }


def test_flips_by_hand():
    """Two debates of three agents: every transition counted by hand, for agents, majority and verdict."""
    records = [
        debated("s", 1.0, answer_metadata=rounds("wr", "rr", "ww")),  # majority w → r; verdict right
        debated("t", 0.0, answer_metadata=rounds("rw", "rr", "w-")),  # majority r → tie, first seen w; verdict wrong
    ]
    agents, majority, verdict = flips(records)
    assert (agents.who, agents.before, agents.after, agents.n, agents.left_out) == ("agents", 0, 1, 5, 1)
    assert (agents.wrong_right, agents.right_wrong, agents.stayed_right, agents.stayed_wrong) == (1, 1, 2, 1)
    assert agents.net.n_groups == 2
    assert (majority.who, majority.n, majority.wrong_right, majority.right_wrong) == ("majority", 2, 1, 1)
    assert (verdict.who, verdict.n, verdict.stayed_right, verdict.stayed_wrong) == ("verdict", 2, 1, 1)
    assert agents.gained.mean == pytest.approx(1 / 5)
    assert majority.net.difference == 0.0


def test_flips_of_several_rounds():
    """Each transition has its own counts; a debate that ended early counts where it spoke."""
    records = [
        debated("s", 1.0, answer_metadata=rounds("wrr", "wwr")),
        debated("t", 1.0, answer_metadata=rounds("wr", "rr")),
    ]
    found = [(f.who, f.before, f.after, f.n, f.wrong_right) for f in flips(records)]
    assert found == [
        ("agents", 0, 1, 4, 2),
        ("agents", 1, 2, 2, 1),
        ("majority", 0, 1, 2, 2),
        ("majority", 1, 2, 1, 0),
        ("verdict", None, None, 2, 0),
    ]


def test_a_vote_can_break_what_the_agents_knew():
    """The majority is by answer: two equal wrong answers outvote the right one."""
    notes = rounds("ww", "rr", "rw", answers=("xx", "yy", "yx"))
    _, majority, _ = flips([debated("s", 1.0, answer_metadata=notes)])
    assert (majority.right_wrong, majority.n) == (1, 1)


def test_flips_of_one_group_are_one_cluster():
    """Samples of a group are one cluster of their flips."""
    agents, _, _ = flips([debated(name, 1.0, group="g", answer_metadata=rounds("wr", "rr")) for name in "st"])
    assert agents.net.n_groups == 1


def test_flips_without_any_round():
    """Records without scores by round have no flips; rounds without any score neither."""
    assert flips([debated("s", 1.0)]) == []
    assert flips([debated("s", None, answer_metadata=rounds("--", "--"))]) == []


# ---------------------------------------------------------------- score and cost


def way(label: str, score: float, tokens: int | None = 1, cost: float | None = 0.0, calls: int = 1) -> Record:
    """A record of a strategy with this score and cost a call."""
    call = {"role": "x", "usage": {"input_tokens": tokens, "output_tokens": 0}, "cost_usd": cost}
    return record("s", score, label=label, strategy=label, transcript=[call] * calls)


def test_the_front_by_hand():
    """Of four ways, the cheapest and the best stand; the others are beaten by the best that beats them."""
    records = [way("cheap", 0.2, 10), way("mid", 0.1, 20), way("good", 0.8, 30), way("dear", 0.8, 40)]
    (front,) = fronts(records)
    assert (front.unit, [p.name.split()[0] for p in front.points]) == ("tokens", ["cheap", "mid", "good", "dear"])
    assert front.dominated_by == {"mid scripted:m": "cheap scripted:m", "dear scripted:m": "good scripted:m"}


def test_equals_do_not_beat_each_other():
    """Two ways with the same score and cost are both on the front."""
    (front,) = fronts([way("a", 0.5, 10), way("b", 0.5, 10)])
    assert front.dominated_by == {}


@pytest.mark.parametrize(
    ("records", "unit"),
    [
        ([way("a", 0.5, 10, 0.1), way("b", 0.5, 10, 0.0)], "cost_usd"),
        ([way("a", 0.5, 10, 0.0), way("b", 0.5, 10, 0.0)], "tokens"),
        ([way("a", 0.5, 10, None), way("b", 0.5, 10, 0.1)], "tokens"),
        ([way("a", 0.5, None, None), way("b", 0.5, 10, 0.1)], "calls"),
    ],
    ids=["dollars", "free", "a price unknown", "tokens unknown"],
)
def test_what_cost_is_counted_in(records, unit):
    """Dollars where known for all and anybody pays, else tokens where known for all, else calls."""
    (front,) = fronts(records)
    assert front.unit == unit
    assert front.left_out == ()


def test_unknown_is_never_free():
    """A way whose cost is unknown does not beat a dear one as if it were free."""
    (front,) = fronts([way("secret", 0.5, None, None, calls=3), way("open", 0.5, 10, 0.1, calls=2)])
    assert front.dominated_by == {"secret scripted:m": "open scripted:m"}


def test_what_has_no_score_is_left_out():
    """A cell without a score is named, not placed."""
    (front,) = fronts([way("a", 0.5), record("s", None, label="b", strategy="b", transcript=[])])
    assert (front.left_out, len(front.points)) == (("b scripted:m",), 1)


def test_what_failed_makes_nobody_cheap():
    """An answer without a score is not in a cell's cost, as it is not in its score."""
    (front,) = fronts([way("a", 0.5, 10, calls=3), replace(way("a", 0.5, 10), sample_id="t", outcome="error")])
    assert front.points[0].spent.calls == 3


def test_votes_are_ways_too():
    """The front holds the votes over draws, at what their draws cost; a control's cell costs one draw."""
    (front,) = fronts(HAND, equal_budget(HAND))
    costs = {point.name: point.spent.cost_usd for point in front.points}
    assert costs == {
        "debate scripted:m": 0.75,
        "single.control=debate scripted:m": 0.25,
        "self_consistency at debate's calls scripted:m": 0.75,
        "self_consistency at debate's tokens scripted:m": 1.25,
    }


def test_tasks_have_fronts_of_their_own():
    """What is answered in another task is no rival."""
    records = [way("a", 0.5, 10), replace(way("b", 0.9, 1), task="u")]
    assert [(front.task, front.dominated_by) for front in fronts(records)] == [("t", {}), ("u", {})]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_the_front_is_what_nobody_beats(ways):
    """Off the front is exactly who is beaten by another, and who beats it is on the front."""
    records = [way(f"w{i}", score / 4, tokens) for i, (score, tokens) in enumerate(ways)]
    (front,) = fronts(records)
    cost = {f"w{i} scripted:m": (tokens if front.unit == "tokens" else 1) for i, (_, tokens) in enumerate(ways)}
    score = {f"w{i} scripted:m": s for i, (s, _) in enumerate(ways)}
    for name in cost:
        beaten = any(
            cost[o] <= cost[name] and score[o] >= score[name] and (cost[o], score[o]) != (cost[name], score[name])
            for o in cost
        )
        assert (name in front.dominated_by) == beaten
    assert not set(front.dominated_by.values()) & set(front.dominated_by)


# ---------------------------------------------------------------- for people


def test_the_printed_section():
    """A row has pairs, both scores, difference, interval, both p, calls, tokens and cost."""
    lines = text(find(HAND), width=80, colour=False).splitlines()
    row = next(line for line in lines if "self_consistency, same tokens" in line)
    assert " ".join(row.split("same tokens")[1].split()) == (
        "4/4 0.750 ± 0.250 0.750 ± 0.250 +0.000 -0.566 to +0.566 0.75 0.75 3.0 : 5.0 30.0 : 30.0 $0.7500 : $1.2500"
    )


def test_nothing_is_read_as_markup_or_html():
    """Names of tasks and strategies are shown as they are, in the terminal and in HTML."""
    nasty = "<script>alert(1)</script>[bold]"
    records = [replace(r, task=nasty, answer_metadata=rounds("wr", "rr")) for r in HAND]
    found = find(records)
    assert nasty in text(found, width=80, colour=False)
    page = html(found)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def svg_circles(page: str) -> Iterator[dict[str, str]]:
    """The attributes of every circle."""
    import xml.etree.ElementTree as ET

    start = page.index("<svg")
    tree = ET.fromstring(page[start : page.index("</svg>") + 6])
    return (circle.attrib for circle in tree.iter("circle"))


def test_the_picture_of_the_front():
    """Each point is a circle: right by cost, up by score, green on the front and grey off it."""
    page = html(find([way("cheap", 0.0, 10), way("good", 1.0, 20), way("dear", 0.5, 40)]))
    found = [(c["cx"], c["cy"], c["fill"]) for c in svg_circles(page)]
    assert found == [("158.0", "204.0", "#2a7"), ("280.0", "36.0", "#2a7"), ("524.0", "120.0", "#bbb")]
