"""The desk of batches against a stand-in for both vendors: faults, lost answers, restarts, money."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fake_server import Running, standin
from fake_server.asking import KEY, request

from pytest_hiddenlayer.calls.batch.batcher import Batcher, PollBackoff
from pytest_hiddenlayer.calls.batch.ledger import Ledger, read_entries
from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.cost.budget import Budget
from pytest_hiddenlayer.calls.cost.meter import CostMeter
from pytest_hiddenlayer.calls.cost.price_file import OwnPrice
from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.errors import BudgetExceededError, ProviderError, UsageError
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Request

QUICK = RetryPolicy(attempts=4, first_wait_s=0.01, longest_wait_s=0.02)
VENDORS = {"openai": OpenAIProvider, "openai_responses": OpenAIResponsesProvider, "anthropic": AnthropicProvider}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class Asking:
    """Lines with a desk, each as a run of its own would open it; the ledger stays."""

    def __init__(self, folder: Path, vendor: str, budget: str | None = None, price: str | None = None) -> None:
        self.folder, self.vendor, self.told = folder, vendor, list[str]()
        self.budget = None if budget is None else Budget(limit=Decimal(budget))
        own = OwnPrice(
            provider=vendor, model="m", since=date(2026, 1, 1), input=Decimal(0), output=Decimal(price or 0)
        )
        self.prices = Prices([own] if price else [])
        self.batcher: Batcher | None = None

    def line(self, server: Running, quiet_s: float = 0.1) -> ModelClient:
        name = self.vendor
        provider = VENDORS[name]("m", base_url=server.url + ("" if name == "anthropic" else "/v1"))
        meter, batch = (
            CostMeter(
                prices=self.prices,
                provider=name,
                price_list=None,
                model="m",
                free=False,
                budget=self.budget,
                batch=how,
            )
            for how in (False, True)
        )
        self.batcher = Batcher(
            provider.batches,
            Ledger(self.folder, name, "m", provider.endpoint),
            f"{name}:m",
            meter=batch,
            notify=self.told.append,
            quiet_s=quiet_s,
            pauses=PollBackoff(first=0.05, longest=0.1),
            retry_policy=QUICK,
        )
        return ModelClient.to(
            name, provider, AdaptiveLimiter(8), retry_policy=QUICK, meter=meter, batcher=self.batcher
        )

    def run(self, server: Running, requests: Sequence[Request], *, release: bool = True) -> list[Any]:
        """Completions or errors of one run; with `release` it ends whole."""

        async def whole() -> list[Any]:
            line = self.line(server)
            try:
                return await asyncio.gather(*map(line.complete, requests), return_exceptions=True)
            finally:
                if release and line.batcher is not None:
                    line.batcher.release()
                await line.close()

        return asyncio.run(whole())

    def interrupted(self, server: Running, requests: Sequence[Request]) -> list[str]:
        """A run that is cancelled once its batch was made; what it says then."""

        async def cut() -> list[str]:
            line = self.line(server)
            assert line.batcher is not None
            asked = [asyncio.create_task(line.complete(one)) for one in requests]
            while not any("sent" in text for text in self.told):
                await asyncio.sleep(0.02)
            said = line.batcher.pending_batches()
            for one in asked:
                one.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await line.close()
            return said

        return asyncio.run(cut())

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


def firsts(n: int, mark: str = "", **more: Any) -> list[Request]:
    """Requests that depend on nothing, `mark` in the last of them."""
    texts = [f"ANSWER={i}" for i in range(n - bool(mark))] + ([f"ANSWER={n - 1} {mark}"] if mark else [])
    return [request(text, independent=True, **more) for text in texts]


def texts(found: Sequence[Completion]) -> list[str]:
    return [one.text for one in found]


@pytest.fixture
def asking(tmp_path: Path, vendor: str) -> Asking:
    return Asking(tmp_path / "batches", vendor)


# ---------------------------------------------------------------- one batch


def test_each_gets_its_own_answer(asking: Asking):
    """200 of 200 come out of one batch whose results are in another order; all is told, nothing asked twice."""
    with standin(batch_s=0.3, key=KEY) as server:
        found = asking.run(server, firsts(200))
        stats = server.stats()
    assert texts(found) == [f"The answer is {i}" for i in range(200)]
    assert (stats["batches"], stats["requests"]) == ([200], 0)
    assert all(one.batched and not one.cached and one.usage.output_tokens for one in found)
    assert {(one.latency_s, one.time_to_first_token_s) for one in found} == {(720.0, None)}
    assert asking.told == [
        f"batch of 200 requests sent to {asking.vendor}:m (batch_0)",
        f"batch batch_0 of {asking.vendor}:m: collected 200 of 200 requests after 12 min",
    ]
    assert asking.files == []


def test_what_depends_on_answers_is_asked_by_itself(asking: Asking):
    """Of a case's calls only the independent ones are batched; the others do not wait for them."""
    with standin(batch_s=0.2) as server:
        found = asking.run(server, [*firsts(3), request("ANSWER=later")])
        stats = server.stats()
    assert [one.batched for one in found] == [True] * 3 + [False]
    assert (stats["batches"], stats["requests"]) == ([3], 1)


def test_every_parameter_is_in_a_batch_as_in_a_call(tmp_path: Path, vendor: str):
    """The body of a batched request is that of the same request by itself."""
    params = GenerationConfig(temperature=0.5, max_tokens=9)
    with standin() as server:
        provider = VENDORS[vendor]("m", base_url=server.url + ("" if vendor == "anthropic" else "/v1"))
        one = request("hi", system="be brief", params=params)
        line = json.loads(provider.batches.line("k", one))
        asyncio.run(_asked(provider, one))
        sent = server.stats()["last"]
    assert (line["custom_id"], line.get("params") or line["body"]) == ("k", sent["body"])
    if vendor == "anthropic":
        assert provider.batches.kind(one) == sent["headers"]["anthropic-version"] == "2023-06-01"
    else:
        assert line["url"] == sent["path"]


async def _asked(provider: Any, one: Request) -> None:
    await provider.complete(one)
    await provider.close()


def test_requests_of_several_kinds_go_in_a_batch_each(tmp_path: Path):
    """Anthropic's version of the API is a header of the batch: what needs another one goes apart."""
    cool = firsts(2, params=GenerationConfig(temperature=0.0))
    with standin() as server:
        found = Asking(tmp_path, "anthropic").run(server, [*cool, *firsts(3)])
        assert sorted(server.stats()["batches"]) == [2, 3]
    assert texts(found) == [f"The answer is {i}" for i in (0, 1, 0, 1, 2)]


def test_a_batch_holds_no_more_than_it_may(asking: Asking, monkeypatch: pytest.MonkeyPatch):
    """Above the endpoint's number of requests or bytes another batch is begun."""
    for name in ("OpenAIBatches", "AnthropicBatches"):
        module = f"pytest_hiddenlayer.providers.{name.removesuffix('Batches').lower()}_batch"
        monkeypatch.setattr(f"{module}.{name}.most_requests", 4)
    with standin() as server:
        assert texts(asking.run(server, firsts(10))) == [f"The answer is {i}" for i in range(10)]
        assert sorted(server.stats()["batches"]) == [2, 4, 4]


def test_the_same_call_twice_is_sent_and_paid_once(asking: Asking):
    """Two askers of one call share its line; the second is marked as cached."""
    one, two = firsts(2)
    with standin() as server:
        found = asking.run(server, [one, two, one])
        assert server.stats()["batches"] == [2]
    assert [done.cached for done in found] == [False, False, True]
    assert found[0].text == found[2].text


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("mark", ["FAULT=500*1", "FAULT=429*1", "FAULT=expired*1", "FAULT=missing*1"])
def test_what_may_pass_is_asked_by_itself(asking: Asking, mark: str):
    """An expired request, a server's fault, a result that is not there: the ordinary way, once, at its price."""
    with standin() as server:
        found = asking.run(server, firsts(5, mark))
        stats = server.stats()
    assert texts(found) == [f"The answer is {i}" for i in range(5)]
    assert [one.batched for one in found] == [True] * 4 + [False]
    assert (stats["batches"], stats["requests"]) == ([5], 1)
    assert asking.told[-1] == (
        f"1 request to {asking.vendor}:m got no answer in a batch and went the ordinary way, at its price"
    )
    assert asking.files == []


def test_what_was_cancelled_is_not_asked(asking: Asking):
    """Whoever cancels a batch wants nothing more of it to be paid: that call's error, and the next run sends it."""
    with standin() as server:
        *good, bad = asking.run(server, firsts(3, "FAULT=cancelled*1"))
        assert server.stats()["requests"] == 0
        assert texts(good) == ["The answer is 0", "The answer is 1"]
        assert isinstance(bad, ProviderError)
        assert "cancelled" in str(bad)
        assert texts(asking.run(server, firsts(3, "FAULT=cancelled*1"))) == [f"The answer is {i}" for i in range(3)]


def test_a_request_that_is_refused_is_that_calls_error(asking: Asking):
    """400 in a batch is final for its call, with the server's words; the others are answered."""
    with standin() as server:
        *good, bad = asking.run(server, firsts(5, "FAULT=400"))
        assert server.stats()["requests"] == 0
    assert texts(good) == [f"The answer is {i}" for i in range(4)]
    assert isinstance(bad, ProviderError)
    assert "HTTP 400: Unsupported parameter: 'temperature'" in str(bad)


def test_a_batch_that_is_refused_is_the_error_of_each(asking: Asking):
    """What the server says against the whole batch stands in every call's error; the next run sends it anew."""
    with standin(batch_refused="Line 1 has no such model") as server:
        found = asking.run(server, firsts(3))
    assert all(isinstance(one, ProviderError) and "Line 1 has no such model" in str(one) for one in found)
    assert asking.files == []
    with standin() as server:
        assert texts(asking.run(server, firsts(3))) == [f"The answer is {i}" for i in range(3)]


def test_a_server_without_batches(asking: Asking):
    """404 for a batch: one sentence, and all calls go the ordinary way, the next ones too."""
    with standin(batches=False) as server:
        found = asking.run(server, firsts(3))
        assert server.stats()["requests"] == 3
    assert texts(found) == [f"The answer is {i}" for i in range(3)]
    assert asking.told == [
        f"--hl-batch: {asking.vendor}:m has no batch endpoint (HTTP 404): its calls go the ordinary way"
    ]
    assert asking.files == []


def test_faults_while_waiting_are_waited_out(asking: Asking):
    """Three of ten looks at a batch fail in every way: nothing is lost, nothing sent twice."""
    faults = {"500": 0.06, "429": 0.06, "drop": 0.06, "html": 0.06, "cut": 0.06}
    with standin(batch_s=0.5, batch_faults=faults) as server:
        found = asking.run(server, firsts(4))
        stats = server.stats()
    assert texts(found) == [f"The answer is {i}" for i in range(4)]
    assert (stats["batches"], stats["requests"]) == ([4], 0)


def test_a_key_that_is_refused_is_an_error_without_the_key(asking: Asking):
    """401: every call's error, and the key stands neither there nor on disk."""
    with standin(key="another-key") as server:
        found = asking.run(server, firsts(2))
    assert all(isinstance(one, ProviderError) and "HTTP 401" in str(one) and KEY not in str(one) for one in found)
    assert asking.files == []


# ---------------------------------------------------------------- interruptions


def test_an_interrupted_run_is_collected_by_the_next(asking: Asking):
    """Cancelled while its batch is worked on: a sentence; then the same calls send nothing and are answered."""
    with standin(batch_s=60, key=KEY) as server:
        said = asking.interrupted(server, firsts(20))
        assert said == [
            f"batch batch_0 of 20 requests to {asking.vendor}:m is still being worked on; "
            "run the same command again to collect it"
        ]
        assert len(asking.files) == 1
        assert KEY not in (asking.folder / asking.files[0]).read_text()
        server.finish()
        found = asking.run(server, firsts(20))
        stats = server.stats()
    assert texts(found) == [f"The answer is {i}" for i in range(20)]
    assert (stats["batches"], stats["requests"]) == ([20], 0)
    assert asking.files == []


def test_a_run_that_did_not_end_keeps_what_it_collected(asking: Asking):
    """Collected, and killed before the records were written: the next run asks nobody, not even for the batch."""
    with standin(key=KEY) as server:
        first = asking.run(server, firsts(5), release=False)
        assert KEY not in "".join((asking.folder / name).read_text() for name in asking.files)
        calls = server.stats()["batch_calls"]
        again = asking.run(server, firsts(5))
        assert server.stats()["batch_calls"] == calls
    assert first == again
    assert asking.files == []


def test_what_nobody_asked_for_stays(asking: Asking):
    """A run over a part of the samples collects its own; the rest is there for the next run."""
    with standin(batch_s=60) as server:
        asking.interrupted(server, firsts(6))
        server.finish()
        asking.run(server, firsts(2))
        assert len(asking.files) == 2
        assert texts(asking.run(server, firsts(6)[2:])) == [f"The answer is {i}" for i in range(2, 6)]
        assert server.stats()["batches"] == [6]
    assert asking.files == []


@pytest.mark.parametrize("when", ["in the run", "in the next run"])
def test_a_batch_whose_making_was_not_told_is_found_again(asking: Asking, when: str):
    """Made, and the connection broke off before its id came: it is looked for, not sent again."""
    with standin(lose_batches=1) as server:
        if when == "in the next run":
            asking_once = Asking(asking.folder, asking.vendor)
            desk_patience = RetryPolicy(attempts=1)
            asyncio.run(_lost(asking_once, server, desk_patience))
            assert [entry.batch_id for entry in read_entries(asking.folder)] == [None]
        found = asking.run(server, firsts(5))
        stats = server.stats()
    assert texts(found) == [f"The answer is {i}" for i in range(5)]
    assert (stats["batches"], stats["requests"]) == ([5], 0)
    assert asking.files == []


async def _lost(asking: Asking, server: Running, retry_policy: RetryPolicy) -> None:
    line = asking.line(server)
    assert line.batcher is not None
    line.batcher._patience = retry_policy
    found = await asyncio.gather(*map(line.complete, firsts(5)), return_exceptions=True)
    assert all(isinstance(one, ProviderError) for one in found)
    await line.close()


def test_an_intent_that_came_to_nothing_is_sent(asking: Asking):
    """Killed between the note and the sending: no batch is found, so the next run sends it."""
    with standin() as server:
        line = asking.line(server)
        keys = asyncio.run(_keys(line, firsts(5)))
        with closing(Ledger(asking.folder, asking.vendor, "m", line.endpoint)) as killed:
            killed.intend(line.provider.batches.kind(firsts(1)[0]), keys)
        found = asking.run(server, firsts(5))
        assert server.stats()["batches"] == [5]
    assert texts(found) == [f"The answer is {i}" for i in range(5)]
    assert asking.files == []


async def _keys(line: ModelClient, requests: Sequence[Request]) -> list[str]:
    from pytest_hiddenlayer.calls.cache_key import cache_key_fields, call_key

    await line.close()
    return [call_key(cache_key_fields(line.name, line.model, line.endpoint, one)) for one in requests]


def test_a_batch_of_somebody_else_is_not_taken_for_ours(tmp_path: Path):
    """Anthropic's batches bear no tag: one of the same size that holds other requests is put aside, and ours sent."""
    other, mine = Asking(tmp_path / "other", "anthropic"), Asking(tmp_path / "mine", "anthropic")
    with standin() as server:
        other.run(server, [request(f"ANSWER=other{i}", independent=True) for i in range(5)])
        line = mine.line(server)
        with closing(Ledger(mine.folder, "anthropic", "m", line.endpoint)) as killed:
            killed.intend("", asyncio.run(_keys(line, firsts(5))))
        found = mine.run(server, firsts(5))
        assert server.stats()["batches"] == [5, 5]
    assert texts(found) == [f"The answer is {i}" for i in range(5)]


def test_a_folder_that_cannot_be_written_is_said(asking: Asking):
    """What could not be noted is not sent: a batch that nobody knows of would be paid in vain."""
    asking.folder.write_text("in the way")
    with standin() as server:
        found = asking.run(server, firsts(2), release=False)
        assert (server.stats()["batches"], server.stats()["requests"]) == ([], 0)
    assert all("cannot be written" in str(one) and "nothing was sent" in str(one) for one in found)


def test_a_call_asked_again_while_its_batch_is_sent_joins_it(asking: Asking):
    """The same call, when its batch is on its way already: the same answer, sent once."""

    async def run(server: Running) -> list[Any]:
        line = asking.line(server)
        first = asyncio.create_task(line.complete(firsts(1)[0]))
        while not asking.files:
            await asyncio.sleep(0.01)
        found = await asyncio.gather(first, line.complete(firsts(1)[0]))
        await line.close()
        return found

    with standin(make_s=0.3) as server:
        found = asyncio.run(run(server))
        assert server.stats()["batches"] == [1]
    assert texts(found) == ["The answer is 0"] * 2
    assert sorted(one.cached for one in found) == [False, True]


def test_a_call_that_was_given_up_before_sending_is_not_sent(asking: Asking):
    """Whoever is cancelled while others still ask leaves no request behind, and nothing to pay."""

    async def run(server: Running) -> list[Any]:
        line = asking.line(server, quiet_s=2)
        asked = [asyncio.create_task(line.complete(one)) for one in firsts(3)]
        for _ in range(50):  # rounds of the loop, not seconds: all three wait for their batch then
            await asyncio.sleep(0)
        asked[1].cancel()
        found = await asyncio.gather(*asked, return_exceptions=True)
        await line.close()
        return found

    with standin() as server:
        first, gone, last = asyncio.run(run(server))
        assert server.stats()["batches"] == [2]
    assert texts([first, last]) == ["The answer is 0", "The answer is 2"]
    assert isinstance(gone, asyncio.CancelledError)


def test_a_ledger_that_cannot_be_read_is_said(tmp_path: Path):
    """Never passed over in silence: a batch may have been paid for."""
    (tmp_path / "x.json").write_text('{"schema": 99}')
    with pytest.raises(UsageError, match=r"x\.json: tells of no batch that can be read \(schema 99"):
        Ledger(tmp_path, "openai", "m", "")


ENTRY = {
    "schema": 1, "provider": "openai", "model": "m", "endpoint": "", "kind": "/v1/chat/completions",
    "keys": ["k"], "n": 1, "intended_s": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tag", "why"),
    [
        ("0123456789abcdef", "../../del", "its tag '../../del' is not 16 hex digits"),
        ("0123456789abcdef", "../0123456789abcdef", "is not 16 hex digits"),
        ("0123456789abcdef", "0123456789ABCDEF", "is not 16 hex digits"),
        ("0123456789abcdef", "0123456789abcdef\n", "is not 16 hex digits"),
        ("0123456789abcdef", None, "its tag None is not 16 hex digits"),
        ("0123456789abcdef", "fedcba9876543210", "its tag 'fedcba9876543210' is not the file's name"),
        ("x", "x", "is not 16 hex digits"),
    ],
)
def test_an_entry_is_found_by_its_own_name_only(tmp_path: Path, name: str, tag: object, why: str):
    """A tag that is not 16 hex digits and the file's stem is refused, and no file is deleted, inside or outside."""
    folder = tmp_path / "reports" / "batches"
    folder.mkdir(parents=True)
    outside = [tmp_path / "del.json", tmp_path / "del.jsonl", folder / "fedcba9876543210.jsonl"]
    for path in outside:
        path.write_text("mine")
    (folder / f"{name}.json").write_text(json.dumps(ENTRY | {"tag": tag}))
    with pytest.raises(UsageError, match=rf"{name}\.json: tells of no batch that can be read \(.*{re.escape(why)}"):
        Ledger(folder, "openai", "m", "")
    assert all(path.read_text() == "mine" for path in outside)


def test_nothing_outside_the_folder_is_dropped(tmp_path: Path):
    """An entry whose tag leads elsewhere deletes nothing."""
    folder, outside = tmp_path / "batches", tmp_path / "del.jsonl"
    outside.write_text("mine")
    ledger = Ledger(folder, "openai", "m", "")
    entry = ledger.intend("kind", ["k"])
    entry.tag = "../del"
    with pytest.raises(ValueError, match="is not 16 hex digits"):
        ledger.drop(entry)
    assert outside.read_text() == "mine"
    ledger.close()


# ---------------------------------------------------------------- money


def test_a_batched_call_costs_half(tmp_path: Path, vendor: str):
    """$1000 a million tokens out: 4 words cost $0.002 in a batch and $0.004 by themselves (11 for reasoning ones)."""
    asking = Asking(tmp_path, vendor, budget="10", price="1000")
    with standin() as server:
        batched, alone = asking.run(server, [*firsts(1), request("ANSWER=1")])
    tokens = 11 if vendor == "openai_responses" else 4
    assert (batched.cost_usd, alone.cost_usd) == (tokens * 0.0005, tokens * 0.001)
    assert asking.budget is not None
    assert (asking.budget.spent, asking.budget.reserved) == (Decimal(tokens) * Decimal("0.0015"), 0)


def test_the_budget_is_reserved_at_the_batch_price(tmp_path: Path, vendor: str):
    """10 tokens at most cost $0.005 in a batch, and $0.002 in the end: of $0.013 two calls fit at once.

    The others wait for what those leave over, until too little is left for one more; the
    answers of responses have 11 tokens and leave nothing.
    """
    batches = [2] if vendor == "openai_responses" else [2, 1, 1, 1]
    asking = Asking(tmp_path, vendor, budget="0.013", price="1000")
    params = GenerationConfig(max_tokens=10)
    with standin() as server:
        found = asking.run(server, firsts(6, params=params))
        assert server.stats()["batches"] == batches
    assert [isinstance(one, BudgetExceededError) for one in found] == [i >= sum(batches) for i in range(6)]
    assert "this call may cost $0.005000" in str(found[5])


def test_what_a_batch_did_not_answer_is_not_paid(tmp_path: Path, vendor: str):
    """An expired request costs nothing in the batch, and the ordinary price by itself."""
    asking = Asking(tmp_path, vendor, budget="10", price="1000")
    with standin() as server:
        (done,) = asking.run(server, firsts(1, "FAULT=expired*1"))
    tokens = 11 if vendor == "openai_responses" else 4
    assert done.cost_usd == tokens * 0.001
    assert asking.budget is not None
    assert (asking.budget.spent, asking.budget.unconfirmed) == (tokens * Decimal("0.001"), 0)


def test_the_calls_in_flight_do_not_learn_from_batches(tmp_path: Path, vendor: str):
    """A batched call holds no place and moves no bound: its time says nothing of what the server bears."""
    asking = Asking(tmp_path, vendor)

    async def run(server: Running) -> tuple[int, int]:
        line = asking.line(server)
        await asyncio.gather(*map(line.complete, firsts(30)))
        await line.close()
        return line.limiter.bound, line.limiter.peak

    with standin() as server:
        assert asyncio.run(run(server)) == (8, 0)


def test_a_batch_that_another_process_is_sending_is_waited_for(asking: Asking):
    """Two runs in one folder: the second finds the first's note, waits for its id, and sends nothing."""

    async def both(server: Running) -> list[Any]:
        first = asking.line(server)
        one = [asyncio.create_task(first.complete(each)) for each in firsts(5)]
        while not asking.files:
            await asyncio.sleep(0.005)
        assert [entry.batch_id for entry in read_entries(asking.folder)] == [None]
        second = asking.line(server)
        two = [asyncio.create_task(second.complete(each)) for each in firsts(5)]
        for _ in range(50):  # rounds of the loop: all of them ask
            await asyncio.sleep(0)
        await asyncio.to_thread(server.finish)
        found = await asyncio.gather(*one, *two)
        await first.close()
        await second.close()
        return found

    with standin(make_s=60) as server:
        found = asyncio.run(both(server))
        assert server.stats()["batches"] == [5]
    assert texts(found) == [f"The answer is {i}" for i in range(5)] * 2
