"""Local models within a limit of memory: which are loaded, which wait, which are unloaded."""

from __future__ import annotations

import asyncio

import pytest

from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.local_models import LocalModels, ModelSource, parse_size, size_text


class Held:
    """A loaded model of some bytes; the log tells when it was loaded and closed."""

    def __init__(self, name: str, weight_bytes: int, log: list[str]) -> None:
        self.name, self.weight_bytes, self.log = name, weight_bytes, log
        log.append(f"load {name}")

    def close(self) -> None:
        """Release nothing."""
        self.log.append(f"close {self.name}")


def source(name: str, size: int | None, log: list[str], actual: int | None = None) -> ModelSource[Held]:
    """A model whose files say `size`, and which takes `actual`."""
    return ModelSource(
        key=name,
        name=name,
        weight_bytes=size,
        device_bytes=1000,
        load=lambda: Held(name, actual or size or 0, log),
    )


async def ask(model) -> str:
    """Use the model for one turn of the loop."""
    async with model.in_use() as held:
        await asyncio.sleep(0)
        return held.name


def test_equal_models_are_loaded_once():
    """Two handles of one model share it; the last one that is closed unloads it."""
    models, log = LocalModels(), []
    first, second = models.open(source("a", 10, log)), models.open(source("a", 10, log))
    assert first.held is second.held
    first.close()
    assert log == ["load a"]
    second.close()
    assert log == ["load a", "close a"]


def test_the_least_recently_used_idle_model_is_unloaded():
    """c takes the place of b, because a was asked last; asked again, b takes that of a. It is said once per model."""
    notes, log = [], []
    models = LocalModels(20, notes.append)
    a, b, c = (models.open(source(name, 10, log)) for name in "abc")

    async def go() -> list[str]:
        return [await ask(model) for model in (b, a, c, b, c, a, b)]

    assert asyncio.run(go()) == list("bacbcab")
    assert log[:8] == ["load a", "load b", "close b", "load c", "close a", "load b", "close b", "load a"]
    assert len(notes) == 3
    assert notes[0].startswith("local model b (10 bytes) was unloaded for c (10 bytes): --hl-model-memory allows")
    found = models.to_json()
    assert found is not None
    assert (found["limit_bytes"], found["peak_bytes"]) == (20, 20)


def test_requests_wait_for_a_model_in_use():
    """A model that is answering is never unloaded: the other waits, and neither fails."""
    log: list[str] = []
    models = LocalModels(10)
    a, b = (models.open(source(name, 10, log)) for name in "ab")

    async def go() -> list[str]:
        async with a.in_use():
            waiting = asyncio.create_task(ask(b))
            await asyncio.sleep(0.01)
            assert (log, waiting.done()) == (["load a"], False)
            assert await ask(a) == "a"  # what is loaded goes on answering
        return [await waiting]

    assert asyncio.run(go()) == ["b"]
    assert log == ["load a", "close a", "load b"]


def test_many_requests_to_two_models_change_places_rarely():
    """Each model answers all that it was asked before the other takes its place."""
    log: list[str] = []
    models = LocalModels(10)
    a, b = (models.open(source(name, 10, log)) for name in "ab")

    async def go() -> list[str]:
        return await asyncio.gather(*(ask(model) for model in (a, b) * 50))

    assert asyncio.run(go()) == ["a", "b"] * 50
    assert log == ["load a", "close a", "load b"]


def test_a_cancelled_request_holds_no_model():
    """A request that was cancelled while it waited does not keep its model in use."""
    log: list[str] = []
    models = LocalModels(10)
    a, b = (models.open(source(name, 10, log)) for name in "ab")

    async def go() -> str:
        async with a.in_use():
            waiting = [asyncio.create_task(ask(b)) for _ in range(3)]
            await asyncio.sleep(0)
            for task in waiting[:2]:
                task.cancel()
        assert await waiting[2] == "b"
        return await ask(a)

    assert asyncio.run(asyncio.wait_for(go(), 60)) == "a"


def test_a_model_above_the_limit_is_refused_before_it_is_loaded():
    """The error names both sizes and the option; the default limit is a share of the device's memory."""
    log: list[str] = []
    with pytest.raises(
        UsageError, match=r"big needs 5\.0 GB .* limit is 1\.0 GB; nothing was loaded\. Raise --hl-mod"
    ):
        LocalModels(10**9).open(source("big", 5 * 10**9, log))
    with pytest.raises(UsageError, match="75% of the device's memory"):
        LocalModels().open(source("big", 751, log))
    assert log == []


def test_a_model_that_is_larger_than_its_files_say():
    """Idle models are unloaded until the limit holds again."""
    log: list[str] = []
    models = LocalModels(20)
    models.open(source("a", 10, log))
    b = models.open(source("b", 10, log, actual=15))
    assert log == ["load a", "load b", "close a"]
    assert asyncio.run(ask(b)) == "b"


def test_a_model_of_unknown_size_is_loaded_alone():
    """Nothing is known of its size before, so that all others are unloaded for it."""
    log: list[str] = []
    models = LocalModels(20)
    models.open(source("a", 5, log))
    hub = models.open(source("hub", None, log, actual=5))
    assert log == ["load a"]
    assert asyncio.run(ask(hub)) == "hub"
    assert log == ["load a", "close a", "load hub"]


def test_a_model_that_cannot_be_loaded_fails_its_requests():
    """Every request raises the error, and other models go on."""
    log: list[str] = []

    def fail() -> Held:
        raise UsageError("broken")

    models = LocalModels(10)
    a = models.open(source("a", 10, log))
    bad = models.open(ModelSource(key="x", name="x", weight_bytes=10, device_bytes=None, load=fail))
    for _ in range(2):
        with pytest.raises(UsageError, match="broken"):
            asyncio.run(ask(bad))
    assert asyncio.run(ask(a)) == "a"


def test_a_closed_model_rejects_requests():
    """A request after `close`, and one that waits, is an error."""
    models = LocalModels(10)
    a, b = (models.open(source(name, 10, [])) for name in "ab")

    async def go() -> None:
        async with a.in_use():
            waiting = asyncio.create_task(ask(b))
            await asyncio.sleep(0)
            b.close()
            await waiting

    with pytest.raises(ProviderError, match="was closed"):
        asyncio.run(go())
    with pytest.raises(ProviderError, match="was closed"):
        asyncio.run(ask(b))


@pytest.mark.parametrize(
    ("text", "n_bytes"), [("8GB", 8 * 10**9), ("1.5 GiB", 3 * 2**29), ("500m", 5 * 10**8), ("12", 12)]
)
def test_sizes_that_people_write(text, n_bytes):
    """Units are decimal, those with an i binary, in any case."""
    assert parse_size(text, "--x") == n_bytes


@pytest.mark.parametrize("text", ["", "8 apples", "-1GB", "0", "GB"])
def test_sizes_that_are_none(text):
    """The error names the option and an example."""
    with pytest.raises(UsageError, match="--x: write a size of memory above 0, such as 8GB"):
        parse_size(text, "--x")


def test_an_unknown_size_is_not_zero():
    """It is shown as a question mark."""
    assert [size_text(n) for n in (None, 40, 2_000, 4_000_000, 1_500_000_000)] == [
        "?",
        "40 bytes",
        "2 kB",
        "4 MB",
        "1.5 GB",
    ]
