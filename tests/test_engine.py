"""From options and a task to one record: names, seeds, precedence, outcomes, the loop."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_hiddenlayer.engine.answering import answer_case
from pytest_hiddenlayer.engine.cases import Case, cases, cells
from pytest_hiddenlayer.engine.naming import derive_seed, item_name, item_params, slug, slugs
from pytest_hiddenlayer.engine.options import RunOptions, check, name_models, parse_model
from pytest_hiddenlayer.engine.places import Places
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import HiddenLayerError, ProviderError, UsageError
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers, scorer, strategy
from pytest_hiddenlayer.strategies.build import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Completion, Generation, ModelName, Record, Request, Usage

TASK = """task: t
samples: [{id: a, input: question, target: yes}, {id: b, input: other, target: no}]
scorers: [SCORER]
"""


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    """The first case of the task under these options."""

    def make(scorer: str = "exact", more: str = "", **options: object) -> Case:
        (tmp_path / "t.yaml").write_text(TASK.replace("SCORER", scorer) + more)
        run = RunOptions(providers=(ModelName(provider="scripted"),), **options)
        return next(cases(cells(load_task(tmp_path / "t.yaml", tmp_path), run)[0]))

    return make


def answer(case: Case, script: dict[str, object], overrides: Generation = Generation()) -> Record:
    """The record of a case under a script."""
    fake = ScriptedProvider(script=script)
    return asyncio.run(answer_case(case, fake, fake, overrides=overrides, run_id="r"))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mlx-community/Llama-3.2-3B", "llama-3.2-3b"),
        ("path/to/My Model!/", "my-model-"),
        ("llama3.2:latest", "llama3.2-latest"),
    ],
)
def test_slugs(name, expected):
    """Last path part, lower case, anything unusual becomes a dash."""
    assert slug(name) == expected


def test_shared_slugs_are_told_apart():
    """Two models with one slug get six hex digits of their full names."""
    found = slugs(["a/m", "b/m", "c/n"])
    assert found["c/n"] == "n"
    assert all(re.fullmatch(r"m-[0-9a-f]{6}", found[name]) for name in ("a/m", "b/m"))
    assert found["a/m"] != found["b/m"]


def test_item_params():
    """The model stands in the brackets exactly when it was named; epochs beyond the first add #n."""
    assert item_params("debate", ModelName(provider="mlx"), "nano-1") == "debate-mlx"
    assert item_params("debate", ModelName(provider="mlx", model="x/Y"), "y") == "debate-mlx:y"
    assert item_params("single", ModelName(provider="mlx"), "nano-1", 2) == "single-mlx#2"
    assert item_name("w[1]") == "w(1)"


def test_seeds_are_the_same_everywhere_and_differ_by_every_part():
    """A seed is a pure function of its parts."""
    assert derive_seed(0, "a", 1) == derive_seed(0, "a", 1)
    assert len({derive_seed(0, "a", 1), derive_seed(0, "a", 2), derive_seed(1, "a", 1), derive_seed(0, "a1")}) == 4
    assert 0 <= derive_seed("x") < 2**31


# ---------------------------------------------------------------- options


def test_a_model_needs_one_open_provider():
    """--model goes to the one provider that names none; otherwise the message says what to write."""
    assert name_models(("mlx",), "x/y", providers.get) == (ModelName(provider="mlx", model="x/y"),)
    for given in (("mlx", "scripted"), ("mlx:a",)):
        with pytest.raises(UsageError, match="needs exactly one --provider without a model"):
            name_models(given, "x", providers.get)


def test_a_provider_is_split_at_the_first_colon():
    """Model names may hold colons."""
    assert parse_model("mlx:llama:latest") == ModelName(provider="mlx", model="llama:latest")
    for wrong in ("mlx:", ":x", ""):
        with pytest.raises(UsageError, match="write PROVIDER"):
            parse_model(wrong)


def test_the_same_model_twice_is_refused():
    """Two equal models would make two equal items."""
    with pytest.raises(UsageError, match="given twice"):
        name_models(("mlx", "mlx"), None, providers.get)


def test_check_finds_wrong_strategies_and_folders():
    """What cannot be meant is refused before anything runs."""
    with pytest.raises(UsageError, match="did you mean 'debate'"):
        check(RunOptions(strategies=(parse_strategy("debat"),)))
    with pytest.raises(UsageError, match="no such folder"):
        check(RunOptions(providers=(ModelName(provider="mlx", model="./nowhere"),)))


def test_recorded_outputs_are_scored_by_single_only(tmp_path):
    """A recorded output is a final answer: another strategy is an error that says so."""
    (tmp_path / "t.yaml").write_text(TASK.replace("SCORER", "exact"))
    options = RunOptions(providers=(ModelName(provider="recorded"),), strategies=(parse_strategy("debate"),))
    with pytest.raises(UsageError, match="--strategy single"):
        cells(load_task(tmp_path / "t.yaml", tmp_path), options)


# ---------------------------------------------------------------- precedence


class Noting:
    """Keeps the parameters of the last call."""

    model = "noting"
    params = Generation()

    async def complete(self, request: Request) -> Completion:
        self.params = request.params
        return Completion(text="yes", finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model="noting")

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("typed", "task", "option", "expected"),
    [
        ("self_consistency", "", None, 0.8),
        ("self_consistency", "generate: {temperature: 0.5}\n", None, 0.5),
        ("self_consistency:temperature=0.3", "generate: {temperature: 0.5}\n", None, 0.3),
        ("self_consistency:temperature=0.3", "generate: {temperature: 0.5}\n", 0.1, 0.1),
        ("single", "", None, 0.0),
    ],
)
def test_temperature_precedence(case, typed, task, option, expected):
    """Option > parameter written for the strategy > task file > the strategy's default > 0."""
    noting = Noting()
    one = case(more=task, strategies=(parse_strategy(typed),))
    asyncio.run(answer_case(one, noting, noting, overrides=Generation(temperature=option), run_id="r"))
    assert noting.params.temperature == expected


# ---------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"reply": "yes"}, "correct"),
        ({"reply": "maybe"}, "incorrect"),
        ({"reply": " \n"}, "empty"),
        ({"reply": "yes", "finish_reason": "length"}, "truncated"),
        ({"reply": "no way", "finish_reason": "content_filter"}, "refused"),
        ({"error": "server said 500"}, "error"),
    ],
)
def test_outcomes(case, rule, outcome):
    """What came back decides the outcome; only a whole answer has a score."""
    record = answer(case(), {"rules": [rule]})
    assert record.outcome == outcome
    assert (record.score is None) == (outcome not in ("correct", "incorrect"))
    assert outcome in ("correct", "incorrect") or record.error


def test_partial_credit(case):
    """A score between 0 and pass_score is partial."""
    record = answer(case("{rules: {max_words: 1, require: [yes, no]}}"), {"default": "yes"})
    assert (record.outcome, round(record.score, 3)) == ("partial", 0.667)


def test_without_target_it_is_unscored(case, tmp_path):
    """A scorer that needs a target leaves a sample without one unscored, and says why."""
    (tmp_path / "u.yaml").write_text("task: u\nsamples: [{id: a, input: q}]\nscorers: [exact]\n")
    options = RunOptions(providers=(ModelName(provider="scripted"),))
    one = next(cases(cells(load_task(tmp_path / "u.yaml", tmp_path), options)[0]))
    record = answer(one, {"default": "x"})
    assert record.outcome == "unscored"
    assert "target" in record.error


def test_a_strategy_or_scorer_that_raises_is_an_error_record(case):
    """A bug in a user's strategy or scorer is data about it, never an answer."""

    @strategy("test_engine_breaks")
    async def breaks(context):
        raise KeyError("oops")

    @scorer("test_engine_fails")
    def fails(output, sample):
        raise ZeroDivisionError("no")

    first = answer(case(strategies=(parse_strategy("test_engine_breaks"),)), {})
    second = answer(case("test_engine_fails"), {"default": "x"})
    assert [first.outcome, second.outcome] == ["error", "error"]
    assert "KeyError" in first.error
    assert "ZeroDivisionError" in second.error


def test_a_record_is_plain_json_even_with_lone_surrogates(case):
    """Whatever a model says, the record can be written and sent."""
    record = answer(case(), {"default": "bad \ud800 text"})
    text = json.dumps(record.to_json(), allow_nan=False, ensure_ascii=False)
    assert "bad \\\\ud800 text" in text.encode("utf-8").decode()


def test_the_key_tells_what_determines_the_answer(case):
    """Another seed, strategy or override is another key; the same is the same."""
    keys = [
        answer(case(), {}).key,
        answer(case(), {}).key,
        answer(case(seed=1), {}).key,
        answer(case(strategies=(parse_strategy("self_consistency"),)), {}).key,
        answer(case(), {}, Generation(temperature=1.0)).key,
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_unknown_tokens_stay_unknown():
    """Unknown plus known is unknown; nothing at all adds nothing."""
    known, unknown = Usage(input_tokens=3, output_tokens=1, calls=1), Usage(output_tokens=1, calls=1)
    total = Usage() + known + unknown
    assert (total.input_tokens, total.output_tokens, total.calls) == (None, 2, 2)


# ---------------------------------------------------------------- the loop


def test_an_error_while_opening_is_raised_each_time():
    """A provider that cannot open says so to every case, and is tried once."""
    runtime = Runtime(RunOptions(), "r")
    missing = ModelName(provider="scripted", model="nowhere.json")
    for _ in range(2):
        with pytest.raises(HiddenLayerError, match="cannot read it"):
            runtime.provider(missing)


def test_records_are_handed_over_before_they_are_awaited(case):
    """on_record sees each record when it is complete."""
    seen: list[str] = []
    runtime = Runtime(RunOptions(), "r", on_record=lambda record: seen.append(record.sample_id))
    future = runtime.submit(case())
    assert runtime.wait(future).sample_id == "a"
    assert seen == ["a"]
    runtime.close()


def test_closing_cancels_what_is_in_flight(case):
    """close() does not wait for a slow call."""
    runtime = Runtime(RunOptions(), "r")
    slow = ScriptedProvider(script={"rules": [{"delay_s": 60, "reply": "late"}]})
    future = runtime.submit(case(), slow, slow)
    runtime.close()
    assert future.cancelled() or future.done()


def test_waiting_on_a_dead_loop_is_an_error(case):
    """A loop that has ended is noticed instead of waited for."""
    runtime = Runtime(RunOptions(), "r")
    slow = ScriptedProvider(script={"rules": [{"delay_s": 60, "reply": "late"}]})
    future = runtime.submit(case(), slow, slow)
    alive, runtime._thread = runtime._thread, threading.Thread()
    with pytest.raises(ProviderError, match="thread has ended"):
        runtime.wait(future)
    runtime._thread = alive
    runtime.close()


def test_places_serve_the_oldest_first():
    """Of those who wait, the lowest order goes next, however late it came; no more than n hold at once."""

    async def go() -> tuple[list[int], int]:
        places, served, held, most = Places(1), [], 0, 0

        async def one(order: int) -> None:
            nonlocal held, most
            async with places.hold(order):
                held += 1
                most = max(most, held)
                served.append(order)
                await asyncio.sleep(0)
                held -= 1

        async with asyncio.TaskGroup() as group:
            for order in (5, 3, 9, 1):
                group.create_task(one(order))
        return served, most

    served, most = asyncio.run(go())
    assert served == [5, 1, 3, 9]
    assert most == 1


def test_a_cancelled_waiter_takes_no_place():
    """Cancelling one who waits leaves the place to the next."""

    async def go() -> bool:
        places = Places(1)
        async with places.hold(0):
            waiting = asyncio.create_task(places._take(1))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), places.hold(2):
            return True

    assert asyncio.run(go())
