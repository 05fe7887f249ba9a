"""Keys are in nothing that a run writes or prints, in no form, and go only to servers that the user named."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

import pytest
from support.folder import Folder
from support.hostile_server import Piece, Received, honest, honest_body, hostile_server, response
from support.lying_servers import FACTORIES, calls

from pytest_hiddenlayer.extensions.errors import describe_error, error_traceback
from pytest_hiddenlayer.extensions.secret_masking import held_keys, mask_keys, mask_values
from pytest_hiddenlayer.types import Completion

KEY = "sk-planted-Zq3vX8aR7mK2pL9wT4yB"
FORMS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 with a user": lambda key: base64.urlsafe_b64encode(f"me:{key}@host".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal in capitals": lambda key: key.encode().hex().upper(),
    "in a URL": lambda key: quote(key, safe=""),
    "every byte in a URL": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "JSON escapes": lambda key: "".join(f"\\u{byte:04x}" for byte in key.encode()),
    "HTML escapes": lambda key: "".join(f"&#{byte};" for byte in key.encode()),
    "split by tags": lambda key: f"{key[:9]}<b>{key[9:15]}</b>{key[15:]}",
    "split by lines": lambda key: f"{key[:9]}\n  {key[9:]}",
    "backwards": lambda key: key[::-1],
}
VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OLLAMA_API_KEY")


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, KEY)


def leaks(text: str) -> list[str]:
    """The forms in which a text has the key."""
    return [form for form, encode in FORMS.items() if encode(KEY).lower() in text.lower()]


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_masked_in_every_form(form: str):
    """Raw, base64 at any offset, hexadecimal, escaped, split or backwards: the text around it stays."""
    masked = mask_keys(f"before {FORMS[form](KEY)} after", [KEY])
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert not held_keys(masked, [KEY])
    assert not leaks(masked)
    assert not leaks(json.dumps(mask_values({"a": [{FORMS[form](KEY): FORMS[form](KEY)}], "b": 7}, [KEY])))


def test_other_texts_are_the_same():
    """A text without a key is not changed, whatever marks it has."""
    texts = ["a < b & c > d", "100 % of <b>x</b> &amp; \\u0041", "sk-planted", "Zq3vX8aR7mK2", "", "\ud800"]
    assert [mask_keys(text, [KEY]) for text in texts] == texts
    values = {"a": texts}
    assert mask_values(values, [KEY]) is values


def echo(received: Received) -> Iterable[Piece]:
    """Repeat the key that came, in the form and at the place that the prompt names."""
    place, _, form = received.prompt.partition(": ")
    if form not in FORMS:
        return honest(received)
    repeated = FORMS[form](received.key)
    body = honest_body(received, f"it is {repeated}.")
    match place:
        case "answer":
            return [response(json.dumps(body).encode())]
        case "names":
            named = honest_body(received, "4")
            named |= {"model": repeated, "stop_reason": repeated, "done_reason": repeated, "service_tier": repeated}
            return [response(json.dumps(named).encode())]
        case "error":
            return [response(json.dumps({"error": {"message": f"no: {repeated}"}}).encode(), status="400 X")]
        case "text":
            return [response(f"<p>{repeated}</p>".encode(), status="401 X")]
        case "page":
            return [response(f"<html>{repeated}</html>".encode())]
        case "inner":
            return [response(json.dumps({"error": {"message": repeated}, "choices": []}).encode())]
        case "redirect":
            host = "".join(c for c in repeated if c.isalnum() or c in "-%")
            return [response(b"", status="302 X", location=f"http://{host}/{host}")]
    line = "".join(c for c in repeated if c.isprintable())
    return [response(b"{}", status="500 X", x_echo=line, retry_after=line)]


PLACES = ("answer", "names", "error", "text", "page", "inner", "redirect", "header")


@pytest.mark.parametrize("name", FACTORIES)
def test_a_server_that_repeats_the_key_brings_it_nowhere(name: str):
    """In an answer, a name, an error, a page, a redirect or a header: neither answer nor error has it."""
    check_echoes(name, [f"{place}: {form}" for place in PLACES for form in ("as it is", "split by tags", "base64")])


@pytest.mark.slow
@pytest.mark.parametrize("name", FACTORIES)
def test_a_server_that_repeats_the_key_in_any_form_brings_it_nowhere(name: str):
    """The same in every form."""
    check_echoes(name, [f"{place}: {form}" for place in PLACES for form in FORMS])


def check_echoes(name: str, prompts: list[str]) -> None:
    with hostile_server(echo) as server:
        outcomes = asyncio.run(calls(name, server.url, prompts))
        assert {received.key for received in server.received} == {KEY}
    for prompt, (outcome, _) in zip(prompts, outcomes, strict=True):
        assert not leaks(str(outcome)), prompt
        if prompt.startswith("answer"):
            assert isinstance(outcome, Completion), prompt
            assert outcome.text.startswith("it is ")
            assert "[key]" in outcome.text
            assert "had an API key of this environment" in " ".join(outcome.warnings)


def test_a_key_that_comes_in_pieces_is_masked():
    """A stream whose events have a part of the key each: the whole text has none, nor have its tokens."""

    def script(received: Received) -> list[Piece]:
        pieces = [received.key[at : at + 5] for at in range(0, len(received.key), 5)]
        chunks = [
            {"choices": [{"delta": {"content": p}, "logprobs": {"content": [{"token": p, "logprob": -1.0}]}}]}
            for p in pieces
        ]
        end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        return [b"HTTP/1.1 200 OK\r\n\r\n", *(f"data: {json.dumps(c)}\n\n".encode() for c in [*chunks, end]), None]

    with hostile_server(script) as server:
        [(outcome, _)] = asyncio.run(calls("openai", server.url, ["x"], stream=True))
    assert isinstance(outcome, Completion)
    assert outcome.text == "[key]"
    assert not leaks(str(outcome))


def test_a_list_of_models_that_repeats_the_key_names_no_model():
    """A server whose only model has the key as its name: the run does not take the name."""
    from pytest_hiddenlayer.providers.openai import OpenAIProvider

    def models(received: Received) -> list[Piece]:
        return [response(json.dumps({"data": [{"id": received.key, "digest": received.key}]}).encode())]

    with hostile_server(honest, models=models) as server:
        provider = OpenAIProvider(base_url=f"{server.url}/v1")
        assert not leaks(f"{provider.model} {provider.capabilities} {vars(provider)!r} {provider._server!r}")
        assert not leaks(repr([vars(value) for value in vars(provider).values() if hasattr(value, "__dict__")]))


def test_an_error_of_users_code_has_no_key():
    """An exception whose message has a key: neither its description nor its traceback has it."""
    with pytest.raises(ValueError, match="cannot log in") as caught:
        raise ValueError(f"cannot log in with {KEY}")
    assert "[masked]" in describe_error(caught.value)
    assert not leaks(describe_error(caught.value) + error_traceback(caught.value))


@pytest.mark.parametrize("name", FACTORIES)
def test_a_redirect_takes_the_key_nowhere(name: str):
    """A server that redirects to another one: the other one receives nothing."""
    with hostile_server(honest) as other:
        for status in ("301 X", "302 X", "303 X", "307 X", "308 X"):

            def moved(received: Received, status: str = status) -> list[Piece]:
                return [response(b"", status=status, location=f"{other.url}{received.path}?key=1")]

            with hostile_server(moved) as server:
                [(outcome, _)] = asyncio.run(calls(name, server.url, ["x"]))
            assert "a redirect to 127.0.0.1" in str(outcome)
        assert other.received == []


CONFTEST = """
import logging, os, warnings
import pytest_hiddenlayer as hl

KEY = os.environ["OPENAI_API_KEY"]

@hl.scorer("raises")
def raises(output, sample):
    secret = KEY
    raise ValueError(f"no access with {secret}")

@hl.scorer("tells")
def tells(output, sample):
    metadata = {KEY: [KEY.encode().hex()]}
    return hl.Score(value=1.0, answer=KEY, explanation=f"<b>{KEY[:9]}</b>{KEY[9:]}", metadata=metadata)
"""


@pytest.fixture
def evals(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """Evals whose server and whose scorers repeat the key, with a home and a folder of caches of their own."""
    for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        path = folder.path / name.lower()
        path.mkdir()
        monkeypatch.setenv(name, str(path))
    monkeypatch.delenv("HIDDENLAYER_CACHE", raising=False)
    folder.write("evals/conftest.py", CONFTEST)
    samples = [{"id": f"{p}-{n}", "input": f"{p}: {f}", "target": "x"} for p in PLACES for n, f in enumerate(FORMS)]
    folder.task("echo", samples=samples, scorers=["exact", "tells"])
    folder.task("broken", n=1, scorers=["raises"])
    return folder


def fresh(folder: Folder, provider: str, *options: str) -> pytest.RunResult:
    """What pytest prints in a new process, which has the variables that the test has set."""
    return folder.plain("evals", "--hl-provider", provider, "-rA", *options, fresh=True)


def check_files(folder: Folder, result: pytest.RunResult) -> None:
    """No file and no line of output has the key, in any form."""
    assert not leaks("\n".join([*result.outlines, *result.errlines]))
    for path in folder.path.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert not leaks(path.read_bytes().decode("latin-1")), path
            assert not leaks(str(path)), path


@pytest.mark.slow
@pytest.mark.parametrize("n", ["0", "2"])
@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_no_file_and_no_output_has_the_key(evals: Folder, name: str, n: str):
    """Records, report, junitxml, cassettes, cache, snapshots and logs have none, with every option to show more."""
    with hostile_server(echo) as server:
        url = f"{server.url}/v1" if name == "openai" else server.url
        options = [
            "-l",
            "--tb=long",
            "--showlocals",
            "--log-level=DEBUG",
            "-p",
            "faulthandler",
            "--junitxml=junit.xml",
        ]
        result = fresh(
            evals,
            f"{name}:m",
            *(*options, "-n", n, "--hl-base-url", url, "--hl-cache=all", "--hl-record=cassettes", "--hl-gate=off"),
            *(f"-o=log_cli={'true' if n == '0' else 'false'}", "--hl-timeout=5", "--snapshot-update"),
        )
        assert server.received
    assert evals.records()
    assert "[key]" in json.dumps(evals.records())
    check_files(evals, result)


@pytest.mark.slow
@pytest.mark.parametrize(
    "address", ["http://user:{key}@127.0.0.1:9/v1", "http://127.0.0.1:9/v1?api_key={key}", "http://{key}@127.0.0.1:9"]
)
def test_a_key_in_an_address_is_written_nowhere(evals: Folder, address: str, monkeypatch: pytest.MonkeyPatch):
    """A base URL with a key, as option or from the environment, is refused without showing the key."""
    for name in VARIABLES:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "another-key-0123456789")
    text = address.format(key=KEY)
    result = fresh(evals, "openai:m", "--hl-base-url", text)
    assert result.ret != 0
    check_files(evals, result)
    monkeypatch.setenv("OPENAI_BASE_URL", text)
    result = fresh(evals, "openai:m")
    check_files(evals, result)


def test_a_task_file_names_no_server(folder: Folder):
    """A task file with an address is refused: it cannot send a key anywhere."""
    for fields in ({"base_url": "http://127.0.0.1:9"}, {"generate": {"base_url": "http://127.0.0.1:9"}}):
        folder.task("t", n=1, **fields)
        result = folder.run("--hl-gate=off")
        assert result.ret != 0
        assert "base_url" in result.stdout.str()
