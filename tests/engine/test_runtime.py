"""From options and a task to one record: names, seeds, precedence, outcomes, the loop."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.engine.cases import Case, cases, cells, model_slugs
from pytest_hiddenlayer.engine.run_case import run_case
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import HiddenLayerError, ProviderError, UnknownNameError, UsageError
from pytest_hiddenlayer.identifiers import derive_seed, digest, item_name, item_params, slug, slugs
from pytest_hiddenlayer.options import RunOptions, check, first, limited, name_models, parse_model
from pytest_hiddenlayer.providers.scripted import ScriptedProvider
from pytest_hiddenlayer.registry import providers, scorer, strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Answer, Completion, GenerationConfig, Message, ModelName, Record, Request, Usage

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


def answer(case: Case, script: dict[str, object], overrides: GenerationConfig = GenerationConfig()) -> Record:
    """The record of a case under a script."""
    fake = ScriptedProvider(script=script)
    return asyncio.run(run_case(case, fake, fake, overrides=overrides, run_id="r"))


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
    params = GenerationConfig()

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
    asyncio.run(run_case(one, noting, noting, overrides=GenerationConfig(temperature=option), run_id="r"))
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
        answer(case(), {}, GenerationConfig(temperature=1.0)).key,
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
    """on_records sees each record when it is complete."""
    seen: list[str] = []
    runtime = Runtime(
        RunOptions(), "r", on_records=lambda records: seen.extend(record.sample_id for record in records)
    )
    future = runtime.submit(case())
    assert runtime.wait(future).sample_id == "a"
    assert seen == ["a"]
    runtime.close()


def test_a_log_that_cannot_be_written_is_told(case):
    """Nobody is handed a record that is not on disk: a full disk is the answer of every case from then on."""

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    runtime = Runtime(RunOptions(), "r", on_records=full)
    for future in [runtime.submit(case()), runtime.submit(case())]:
        with pytest.raises(OSError, match="No space left"):
            runtime.wait(future)
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
        limiter, served, held, most = AdaptiveLimiter(1), [], 0, 0

        async def one(order: int) -> None:
            nonlocal held, most
            async with limiter.acquire(order):
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
        limiter = AdaptiveLimiter(1)
        async with limiter.acquire(0):
            waiting = asyncio.create_task(limiter._take(1))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(60), limiter.acquire(2):
            return True

    assert asyncio.run(go())


# ---------------------------------------------------------------- names, seeds and cells in full


@pytest.mark.parametrize(
    ("model", "epoch", "expected"),
    [
        (None, 1, "debate-mlx"),
        (None, 3, "debate-mlx#3"),
        ("x/Llama", 1, "debate-mlx:llama"),
        ("x/Llama", 2, "debate-mlx:llama#2"),
    ],
)
def test_brackets_name_model_and_epoch(model, epoch, expected):
    """A named model and a later epoch stand in the brackets together, in that order."""
    assert item_params("debate", ModelName(provider="mlx", model=model), "llama", epoch) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("", "model"), ("/", "model"), ("Ünï code", "-n--code"), ("a//", "a")]
)
def test_odd_names_have_slugs(name, expected):
    """No name makes an empty slug or one with a character outside [a-z0-9._-]."""
    assert slug(name) == expected


def test_a_slug_is_told_apart_by_the_full_name_alone():
    """The six digits depend on the model's own name, not on what else runs or in which order."""
    assert slugs(["a/m", "b/m"])["a/m"] == slugs(["c/M", "a/m"])["a/m"] == "m-6bd9df"  # sha256 of a/m


def test_models_of_one_run_have_slugs_of_their_own():
    """Two models that end alike are told apart in a run, a third is left alone."""
    names = [ModelName(provider="recorded", model=model) for model in ("a/m", "b/m", "n")]
    found = model_slugs(RunOptions(providers=tuple(names)))
    assert found[names[2]] == "n"
    assert len(set(found.values())) == 3


def test_seeds_are_pinned():
    """These seeds are in committed snapshots' answers: they are the same on every machine, for ever."""
    assert derive_seed(0, "arithmetic", "add-17", 1, "debate", "agent-1", 0, 0) == 906230670
    assert derive_seed("x") == 1723004182


def test_parts_of_a_seed_do_not_run_together():
    """('ab', 'c') and ('a', 'bc') are different parts."""
    assert len({derive_seed("ab", "c"), derive_seed("a", "bc"), derive_seed("abc"), derive_seed("a", "b", "c")}) == 4


def test_digests_are_of_the_value():
    """Key order does not matter, values and their types do."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": "2"})
    assert re.fullmatch("[0-9a-f]{6}", digest([], length=6))


def seeds(
    case: Callable[..., Case], typed: str = "debate", **options: object
) -> dict[tuple[str, int, str, int], int]:
    """(sample, epoch, role, round) → seed, over all cases of the cell."""
    found = {}
    for one in cases(case(strategies=(parse_strategy(typed),), epochs=2, **options).cell):
        for call in answer(one, {"default": "yes"}).transcript:
            found[one.sample.id, one.epoch, call["role"], call["round"]] = call["seed"]
    return found


def test_no_two_calls_of_a_cell_share_a_seed(case):
    """Samples, epochs, agents and rounds each have seeds of their own: 2 × 2 × (3 × 2 + 1) of them."""
    found = seeds(case)
    assert len(found) == len(set(found.values())) == 28


def test_seeds_do_not_depend_on_what_else_runs(case):
    """A run of one sample gives it the seeds it has in a run of all."""
    everything, limited_ones = seeds(case), seeds(case, limit=1)
    assert limited_ones == {key: seed for key, seed in everything.items() if key[0] == "a"}


def test_a_second_call_of_a_role_has_another_seed(case):
    """One speaker asked twice in a round does not repeat itself."""

    @strategy("test_engine_twice")
    async def twice(context):
        said = [await context.ask("q", role="r") for _ in range(2)]
        return Answer(output=said[-1].text)

    record = answer(case(strategies=(parse_strategy("test_engine_twice"),)), {})
    assert len({call["seed"] for call in record.transcript}) == 2


def test_the_same_seed_gives_the_same_record(case):
    """Where a model goes by the seed, equal run seeds give equal outputs, and others do not."""
    script = {"rules": [{"replies": [str(i) for i in range(1000)]}]}
    outputs = [
        [
            call["completion"]
            for call in answer(case(strategies=(parse_strategy("debate"),), seed=seed), script).transcript
        ]
        for seed in (0, 0, 1)
    ]
    assert outputs[0] == outputs[1] != outputs[2]


def test_cases_go_through_the_samples_first(case):
    """All samples of the first epoch come before the second."""
    found = list(cases(case(epochs=2).cell))
    assert [(c.sample.id, c.epoch, c.params) for c in found] == [
        ("a", 1, "single-scripted"),
        ("b", 1, "single-scripted"),
        ("a", 2, "single-scripted#2"),
        ("b", 2, "single-scripted#2"),
    ]


@pytest.mark.parametrize(("option", "expected"), [(None, 3), (2, 2)])
def test_epochs_of_the_option_win(case, option, expected):
    """The task file's epochs hold where no option says otherwise."""
    assert case(more="epochs: 3\n", epochs=option).cell.epochs == expected


def test_a_limit_takes_the_first_samples(case):
    """A limit keeps the first samples; one beyond the end keeps all."""
    task = case().cell.task
    assert [[s.id for s in limited(task, n).samples] for n in (None, 1, 9)] == [["a", "b"], ["a"], ["a", "b"]]


def test_the_options_judge_wins_over_the_tasks(case):
    """A judge given as option replaces the task file's; without either the candidate judges itself."""
    typed = ModelName(provider="scripted", model="typed")
    assert case().cell.judge is None
    assert case(more="judge: scripted:written\n").cell.judge == ModelName(provider="scripted", model="written")
    assert case(more="judge: scripted:written\n", judge=typed).cell.judge == typed


def test_first_takes_what_somebody_set():
    """0 and False are set, None is not."""
    assert (first(None, 0, 5), first(None, False, True), first(None, None)) == (0, False, None)


def test_wrong_models_are_refused():
    """An empty --model and a provider that nobody registered are usage errors."""
    with pytest.raises(UsageError, match="--model is empty"):
        name_models(("mlx",), "", providers.get)
    with pytest.raises(UsageError, match="found no --provider"):
        name_models((), "x", providers.get)
    with pytest.raises(UnknownNameError, match="did you mean 'scripted'"):
        name_models(("script",), None, providers.get)


def test_a_model_goes_to_the_provider_that_names_none():
    """With one open and one named provider, --model fills the open one and keeps the order."""
    named = ModelName(provider="recorded", model="old")
    assert name_models(("recorded:old", "mlx"), "x", providers.get) == (named, ModelName(provider="mlx", model="x"))


def test_the_same_strategy_twice_is_refused():
    """Two strategies of one label would make equal items."""
    with pytest.raises(UsageError, match="--strategy debate was given twice"):
        check(RunOptions(strategies=(parse_strategy("debate"), parse_strategy("debate:n_agents=3"))))


# ---------------------------------------------------------------- records in full


class Counting:
    """Says `yes` with these tokens and costs, one after the other."""

    model = "counting"

    def __init__(self, *said: tuple[int | None, float | None]) -> None:
        self.said: Iterator[tuple[int | None, float | None]] = iter(said)

    async def complete(self, request: Request) -> Completion:
        tokens, cost = next(self.said)
        usage = Usage(input_tokens=tokens, output_tokens=1, calls=1)
        return Completion(text="yes", finish_reason="stop", usage=usage, latency_s=0, model="counting", cost_usd=cost)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("said", "tokens", "cost"),
    [
        (((3, 0.5), (4, 0.25)), 7, 0.75),
        (((3, 0.5), (None, 0.25)), None, 0.75),
        (((3, None), (4, 0.25)), 7, None),
        (((0, 0.0), (0, 0.0)), 0, 0.0),
    ],
)
def test_tokens_and_costs_are_summed_unless_unknown(case, said, tokens, cost):
    """One call of unknown tokens or price makes that sum unknown, never 0; free is 0."""
    one, fake = case(strategies=(parse_strategy("self_consistency:n_samples=2"),)), Counting(*said)
    record = asyncio.run(run_case(one, fake, fake, overrides=GenerationConfig(), run_id="r"))
    assert (record.usage["input_tokens"], record.usage["output_tokens"], record.cost_usd) == (tokens, 2, cost)


@pytest.mark.parametrize(
    ("written", "outcome"), [(None, "partial"), (0.5, "correct"), (0.6, "correct"), (0.7, "partial")]
)
def test_pass_score_decides_what_is_right(case, written, outcome):
    """Two of three rules kept is partial, unless the task's pass_score is at most that."""
    more = "" if written is None else f"pass_score: {written}\n"
    record = answer(case("{rules: {max_words: 1, require: [yes, no]}}", more=more), {"default": "yes"})
    assert record.outcome == outcome


def test_the_first_scorer_is_the_headline(case):
    """The first scorer decides outcome, score and answer; the second stands beside it."""
    record = answer(case("exact, keyword"), {"default": "YES"})
    assert (record.outcome, record.score, record.answer) == ("incorrect", 0.0, "YES")
    assert {name: score["value"] for name, score in record.scores.items()} == {"exact": 0.0, "keyword": 1.0}


def test_what_came_before_an_error_is_kept(case):
    """A record of an error counts the calls that were answered."""
    script = {"rules": [{"role": "judge", "error": "server said 500"}], "default": "yes"}
    record = answer(case(strategies=(parse_strategy("debate"),)), script)
    assert (record.outcome, record.usage["calls"], record.output, record.scores) == ("error", 6, None, {})


def test_an_error_of_the_users_making_stops_the_run(case):
    """A usage error in a strategy is raised: more samples would only repeat it."""
    with pytest.raises(UsageError, match="at least 1 is needed"):
        answer(case(strategies=(parse_strategy("self_consistency:n_samples=0"),)), {})


def test_a_strategy_may_say_its_own_outcome(case):
    """An outcome that a strategy sets is the record's, with its reason, and nothing is scored."""

    @strategy("test_engine_gives_up")
    async def gives_up(context):
        return Answer(output="yes", outcome="refused", error="asked for too much")

    record = answer(case(strategies=(parse_strategy("test_engine_gives_up"),)), {})
    assert (record.outcome, record.error, record.scores) == ("refused", "asked for too much", {})


def test_a_judging_scorer_is_on_the_transcript(case):
    """What a scorer asks is logged and counted like a strategy's calls."""

    @scorer("test_engine_judged")
    async def judged(output, sample, ask):
        return (await ask("Is it right?", role="grader", judge=True)).text == "yes"

    record = answer(case("test_engine_judged"), {"default": "yes"})
    assert [call["role"] for call in record.transcript] == ["answer", "grader"]
    assert (record.outcome, record.usage["calls"]) == ("correct", 2)


@pytest.mark.parametrize("verdict", [float("nan"), 2, "good"])
def test_an_impossible_verdict_is_an_error_and_no_score(case, verdict):
    """A scorer that returns no score makes an error of the record, never a 0."""
    scorer("test_engine_odd")(lambda output, sample: verdict)
    record = answer(case("test_engine_odd"), {"default": "yes"})
    assert (record.outcome, record.score) == ("error", None)
    assert "test_engine_odd" in record.error


def test_lone_surrogates_are_cleaned_everywhere(case):
    """Transcript, notes, answers and errors are written as UTF-8, whatever a model said."""

    @strategy("test_engine_half")
    async def half(context):
        said = await context.ask("\udc00", role="r")
        return Answer(output=said.text, metadata={"\ud800": ["\ud801"]})

    record = answer(case(strategies=(parse_strategy("test_engine_half"),)), {})
    written = json.dumps(record.to_json(), allow_nan=False, ensure_ascii=False).encode("utf-8").decode()
    assert {"\\ud800", "\\ud801", "\\udc00"} <= set(json.loads(written)["answer_metadata"]["\\ud800"]) | {
        *json.loads(written)["answer_metadata"],
        record.output,
    }


def test_a_chat_and_several_targets_are_plain_json(case):
    """Messages and accepted answers come out of a record as they went into the file."""
    chat = (Message(role="user", content="hi"),)
    one = case()
    odd = replace(one, sample=replace(one.sample, input=chat, target=("yes", "yep")))
    found = json.loads(json.dumps(answer(odd, {"default": "yep"}).to_json(), allow_nan=False))
    assert (found["input"], found["target"]) == ([{"role": "user", "content": "hi"}], ["yes", "yep"])
    assert found["outcome"] == "correct"


# ---------------------------------------------------------------- what a user's strategy may do


def test_calls_of_one_role_at_the_same_time_have_seeds_of_their_own(case):
    """A user's strategy that samples three times under one role gets three different samples."""

    @strategy("test_engine_at_once")
    async def at_once(context):
        said = await asyncio.gather(*(context.ask("q", role="r") for _ in range(3)))
        return Answer(output=said[0].text)

    record = answer(case(strategies=(parse_strategy("test_engine_at_once"),)), {})
    assert len({call["seed"] for call in record.transcript}) == 3


def test_the_transcript_is_in_the_order_of_asking(case):
    """A slow first agent still stands first in the transcript."""
    script = {"rules": [{"role": "agent-1", "delay_s": 0.05, "reply": "yes"}], "default": "yes"}
    record = answer(case(strategies=(parse_strategy("debate"),)), script)
    assert [call["role"] for call in record.transcript][:3] == ["agent-1", "agent-2", "agent-3"]


@pytest.mark.parametrize("returned", [None, "yes"])
def test_a_strategy_that_returns_no_answer_is_an_error_record(case, returned):
    """A strategy that forgets to return an Answer makes an error record that names it."""

    @strategy("test_engine_forgets")
    async def forgets(context):
        return returned

    record = answer(case(strategies=(parse_strategy("test_engine_forgets"),)), {})
    assert record.outcome == "error"
    assert "test_engine_forgets" in record.error


@pytest.mark.parametrize("note", [float("nan"), {1}, Path("x")])
def test_notes_that_are_no_json_do_not_break_the_log(case, note):
    """Whatever a user's strategy notes, the record can be written."""

    @strategy("test_engine_notes")
    async def notes(context):
        return Answer(output="yes", metadata={"x": note})

    json.dumps(answer(case(strategies=(parse_strategy("test_engine_notes"),)), {}).to_json(), allow_nan=False)


def test_the_same_strategy_twice_in_a_task_file_is_refused(case):
    """A task file whose strategies share a label is refused before anything runs."""
    with pytest.raises(HiddenLayerError, match="twice"):
        case(more="strategies: [debate, {debate: {n_agents: 3}}]\n")


# ---------------------------------------------------------------- the loop, in full


class Watched:
    """Counts openings, closings and the most calls in flight; answers once `expected` calls were in flight."""

    model = default_model = "watched"
    opened = closed = flying = most = 0
    fails, expected = False, 1

    def __init__(self, model: str | None = None) -> None:
        type(self).opened += 1
        if self.fails:
            raise ProviderError("no key")

    async def complete(self, request: Request) -> Completion:
        cls = type(self)
        cls.flying += 1
        cls.most = max(cls.most, cls.flying)
        while cls.most < cls.expected:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)  # one call too many would begin now
        cls.flying -= 1
        return Completion(text="yes", finish_reason="stop", usage=Usage(calls=1), latency_s=0.02, model="watched")

    async def close(self) -> None:
        type(self).closed += 1


@pytest.fixture
def stoppable_cells(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    """A fresh Watched under the provider name `scripted`."""
    fresh = type("Fresh", (Watched,), {})
    monkeypatch.setattr(providers, "_own", {"scripted": fresh})
    return fresh


def test_opening_fails_once_and_is_told_each_time(stoppable_cells):
    """A provider that cannot open is not opened again for each of a thousand cases."""
    stoppable_cells.fails = True
    runtime = Runtime(RunOptions(), "r")
    for _ in range(3):
        with pytest.raises(ProviderError, match="no key"):
            runtime.provider(ModelName(provider="scripted"))
    assert stoppable_cells.opened == 1
    runtime.close()


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (3, 3), (50, 8)])
def test_no_more_calls_in_flight_than_allowed(case, stoppable_cells, concurrency, most):
    """Cases run at the same time, up to `concurrency` calls, and the model is opened and closed once."""
    stoppable_cells.expected = most
    runtime = Runtime(RunOptions(concurrency=concurrency), "r")
    futures = [runtime.submit(one) for one in cases(case(epochs=4).cell)]
    assert [runtime.wait(future).outcome for future in futures] == ["correct", "incorrect"] * 4
    runtime.close()
    assert (stoppable_cells.most, stoppable_cells.opened, stoppable_cells.closed) == (most, 1, 1)


def test_closing_twice_or_unused_is_fine(stoppable_cells):
    """close() can always be called."""
    runtime = Runtime(RunOptions(), "r")
    runtime.close()
    runtime.provider(ModelName(provider="scripted"))
    runtime.close()
    runtime.close()
    assert stoppable_cells.closed == 1


def test_closing_cancels_the_call_itself(case):
    """close() cancels the call itself, not only the wait for it, and leaves no thread behind."""
    told = threading.Event()
    asked = threading.Event()

    class Slow(ScriptedProvider):
        async def complete(self, request: Request) -> Completion:
            asked.set()
            try:
                await asyncio.sleep(60)
            finally:
                told.set()
            raise AssertionError("it was not cancelled")

    runtime, slow, before = Runtime(RunOptions(), "r"), Slow(), threading.active_count()
    future = runtime.submit(case(), slow, slow)
    assert asked.wait(60)
    runtime.close()
    assert told.is_set()
    assert future.cancelled()
    assert threading.active_count() == before


def test_waiting_raises_what_the_answer_raised(case):
    """A usage error in the background reaches the one who waits."""
    runtime = Runtime(RunOptions(), "r")
    future = runtime.submit(case(strategies=(parse_strategy("debate:n_agents=1"),)))
    with pytest.raises(UsageError, match="at least 2 agents"):
        runtime.wait(future)
    runtime.close()
