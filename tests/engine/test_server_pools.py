"""Runs over several real servers: one that dies, one that never was there, two that differ."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest
from fake_server import fake_server

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.errors import ProviderUnavailableError, UsageError
from pytest_hiddenlayer.options import RunOptions, ServerAddress, parse_base_urls
from pytest_hiddenlayer.types import ModelName, Sample, Spec, Task

MODEL = ModelName(provider="openai", model="fake-1")
DEAD = "http://127.0.0.1:9/v1"


@contextmanager
def running(urls: list[str], messages: list[str], **options):
    """A runtime whose model is on these servers."""
    pools = {"openai": tuple(ServerAddress(url=url) for url in urls)}
    settings = {"providers": (MODEL,), "pools": pools, "cache": "off", **options}
    runtime = Runtime(RunOptions(**settings), "r", on_notice=messages.append)
    try:
        yield runtime
    finally:
        runtime.close()


def submit(runtime: Runtime, n: int) -> list:
    samples = tuple(Sample(id=f"s{i}", input=f"q{i} ANSWER={i}", target=str(i)) for i in range(n))
    task = Task(name="t", path="t", samples=samples, scorers=(Spec(name="keyword"),))
    (cell,) = cells(task, runtime.options)
    return [runtime.submit(case) for case in cases(cell)]


def test_a_server_that_dies_during_the_run_costs_no_answer():
    """Two servers share the calls; when one is shut down, the other answers what is left, and it is said."""
    messages: list[str] = []
    with ExitStack() as first, fake_server(latency_s=0.02) as second:
        one = first.enter_context(fake_server(latency_s=0.02, process=True))
        with running([f"{one.url}/v1", f"{second.url}/v1"], messages, concurrency=4) as runtime:
            futures = submit(runtime, 200)
            runtime.wait(futures[40])
            assert one.stats()["requests"] > 5
            first.close()
            records = [runtime.wait(future) for future in futures]
    assert [record.outcome for record in records] == ["correct"] * 200
    assert any(one.url in message and "left out for now" in message for message in messages)


def test_a_server_that_cannot_be_reached_is_left_out_at_the_start():
    """The run begins with the servers that work, and says which one does not."""
    messages: list[str] = []
    with fake_server() as server, running([DEAD, f"{server.url}/v1"], messages) as runtime:
        assert [runtime.wait(future).outcome for future in submit(runtime, 5)] == ["correct"] * 5
    assert [message for message in messages if message.startswith(f"{DEAD} is left out of this run")]


def test_servers_that_all_cannot_be_reached_skip_the_run():
    """Without any server the provider is unavailable, as with a single one."""
    refused = pytest.raises(ProviderUnavailableError, match="none of the 2 servers can be used")
    with running([DEAD, "http://127.0.0.1:10/v1"], []) as runtime, refused:
        runtime.provider(MODEL)


def test_servers_with_other_weights_are_refused():
    """A pool never mixes two models under one name."""
    with fake_server(digest="a" * 64) as one, fake_server(digest="b" * 64) as two:
        pools = {"ollama": (ServerAddress(url=one.url), ServerAddress(url=two.url))}
        runtime = Runtime(RunOptions(pools=pools, cache="off"), "r")
        with pytest.raises(UsageError, match="the weights of fake-1 differ"):
            runtime.provider(ModelName(provider="ollama", model="fake-1"))
        runtime.close()


def test_a_file_names_servers_with_their_limits(tmp_path):
    """A YAML list has URLs, or mappings with a limit of their own; URLs on the command line are added."""
    (tmp_path / "macs.yaml").write_text("- http://mac1:8080/v1\n- {url: 'http://mac2:8080/v1/', concurrency: 8}\n")
    servers = parse_base_urls(["openai=macs.yaml", "openai=http://mac3/v1"], tmp_path)["openai"]
    assert [(server.url, server.concurrency) for server in servers] == [
        ("http://mac1:8080/v1", None),
        ("http://mac2:8080/v1", 8),
        ("http://mac3/v1", None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "write a list of servers"),
        ("- 5", "server 1: write a URL"),
        ("- {url: 'http://a', limit: 3}", "'limit' is unknown; write `url:` and `concurrency:` only"),
        ("- {url: 'http://a', concurrency: 0}", "write a whole number of at least 1"),
        ("- {url: 'http://a'}\n- http://a", "given twice"),
        ("- ftp://a", "with http:// or https://"),
        ("- http://me:hush@a", "--hl-base-url"),
        ("- [", "this is not YAML"),
    ],
)
def test_a_wrong_file_of_servers_is_refused(tmp_path, content, message):
    """Each fault names the file or the option and what to write; a password is never shown."""
    (tmp_path / "macs.yaml").write_text(content)
    with pytest.raises(UsageError) as raised:
        parse_base_urls(["macs.yaml"], tmp_path)
    assert message in str(raised.value)
    assert "hush" not in str(raised.value)


def test_a_file_of_servers_that_does_not_exist_is_named(tmp_path):
    """A misspelt name of a file is not taken for a URL."""
    with pytest.raises(
        UsageError, match=r"--hl-base-url 'openai=nope\.yaml': .*nope\.yaml does not exist; name a YAML"
    ):
        parse_base_urls(["openai=nope.yaml"], tmp_path)
