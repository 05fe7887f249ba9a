"""What servers send that lie, send too much, or stop: scripts for `hostile_server`, and calls to them."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from pytest_hiddenlayer.calls.client import ModelClient
from pytest_hiddenlayer.calls.limiter import AdaptiveLimiter
from pytest_hiddenlayer.calls.retry import RetryPolicy
from pytest_hiddenlayer.errors import HiddenLayerError
from pytest_hiddenlayer.protocols import Provider
from pytest_hiddenlayer.providers.anthropic import AnthropicProvider
from pytest_hiddenlayer.providers.ollama import OllamaProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.openai_responses import OpenAIResponsesProvider
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

from .hostile_server import CLOSE, Piece, Received, Script, honest_body, response

FACTORIES: Mapping[str, Callable[[str], Provider]] = {
    "openai": lambda url: OpenAIProvider("m", base_url=f"{url}/v1"),
    "openai_responses": lambda url: OpenAIResponsesProvider("m", base_url=f"{url}/v1"),
    "anthropic": lambda url: AnthropicProvider("m", base_url=url),
    "ollama": lambda url: OllamaProvider("m", base_url=url),
}
HUGE = 10**400
MARKED = "m\x1b[2J\n::error::x"
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def sends(body: bytes, **more: Any) -> Script:
    """A script of one response."""
    return lambda received: [response(body, **more)]


def says(**more: Any) -> Script:
    """A script of an honest response with other fields."""
    return lambda received: [response(json.dumps(honest_body(received, **more)).encode())]


def changed(change: Callable[[bytes], bytes]) -> Script:
    """A script of an honest response whose bytes are changed."""
    return lambda received: [response(change(json.dumps(honest_body(received)).encode()))]


def with_usage(**counts: Any) -> Script:
    """A script of an honest response with these counts, under the names of every API."""
    names = ("prompt_tokens", "input_tokens", "completion_tokens", "output_tokens")
    usage = {**dict.fromkeys(names, counts.pop("count", 3)), **counts}
    return says(usage=usage, prompt_eval_count=usage["input_tokens"], eval_count=usage["output_tokens"])


def with_logprobs(logprobs: Any) -> Script:
    """A script of a response of chat completions, or of Ollama, with these log-probabilities."""

    def script(received: Received) -> list[Piece]:
        body = honest_body(received)
        for choice in body.get("choices", ()):
            choice["logprobs"] = logprobs
        if "done" in body:
            body["logprobs"] = logprobs.get("content") if isinstance(logprobs, dict) else logprobs
        return [response(json.dumps(body).encode())]

    return script


def tokens(**fields: Any) -> Script:
    """The same with one token."""
    return with_logprobs({"content": [{"token": "a", "logprob": -1.0, **fields}]})


def cut(at: int) -> Script:
    """A script of an honest response that ends after so many bytes."""
    return lambda received: [response(json.dumps(honest_body(received)).encode())[:at], CLOSE]


def head(*lines: str, body: bytes = b"{}") -> Script:
    """A script of a response with these lines at its top."""
    return lambda received: ["\r\n".join(lines).encode() + b"\r\n\r\n" + body, CLOSE]


def again(piece: bytes, n: int, start: bytes = HEAD) -> Script:
    """A script that sends a piece n times, then closes the connection."""
    return lambda received: chain([start], (piece for _ in range(n)), [CLOSE])


def slowly(start: bytes, piece: bytes, pause_s: float) -> Script:
    """A script that sends a piece again and again, with pauses."""

    def script(received: Received) -> Iterator[Piece]:
        yield start
        while True:
            yield piece
            yield pause_s

    return script


LIES: Mapping[str, Script] = {
    "another model": says(model="another"),
    "a model with an escape": says(model=MARKED),
    "a model that is none": says(model={"a": 1}),
    "negative usage": with_usage(count=-5),
    "usage above all bounds": with_usage(count=HUGE),
    "half a token": with_usage(count=1.5),
    "usage as text": with_usage(count="7"),
    "usage as list": says(usage=[1]),
    "more cached than read": with_usage(
        cache_read_input_tokens=99, prompt_tokens_details={"cached_tokens": 99}, cache_creation_input_tokens=-7
    ),
    "usage NaN": changed(lambda body: body.replace(b": 5", b": NaN")),
    "usage infinite": changed(lambda body: body.replace(b": 5", b": 1e999")),
    "usage of 5000 digits": changed(lambda body: body.replace(b": 5", b": " + b"9" * 5000)),
    "a page": sends(b"<!DOCTYPE html><title>Sign in</title>", content_type="text/html"),
    "nothing": sends(b""),
    "blanks": sends(b" \n" * 1000),
    "half": changed(lambda body: body[: len(body) // 2]),
    "another type": sends(b"x", content_type="image/png"),
    "null": sends(b"null"),
    "a number": sends(b"7"),
    "a list": sends(b"[]"),
    "fields twice": changed(
        lambda body: body[:-1] + b',"choices":[],"output":7,"content":0,"message":[],"done":false}'
    ),
    "no choice": says(choices=[], output=[], content=[], message={"role": "assistant"}),
    "a text that is a number": says(
        choices=[{"message": {"content": 7}}], content=7, output=7, message={"role": "a", "content": 7}
    ),
    "a lone surrogate": changed(lambda body: body.replace(b", answered", b"\\ud800\\u0000")),
    "a finish reason with an escape": says(
        choices=[{"message": {"content": "a"}, "finish_reason": MARKED}], stop_reason=MARKED, done_reason=MARKED
    ),
    "tool calls that are none": says(
        choices=[{"message": {"content": None, "tool_calls": "x"}, "finish_reason": "tool_calls"}],
        content=[{"type": "tool_use", "input": 7}],
        output=[{"type": "function_call", "arguments": 7}],
    ),
    "another id": says(id={"x": [1]}, created=-HUGE),
    "an error with status 200": says(error={"message": MARKED, "code": HUGE}),
    "an error that is a list": says(error=[1, [2]]),
    "logprobs as text": with_logprobs("x"),
    "logprobs of numbers": with_logprobs({"content": [1]}),
    "a logprob as text": tokens(logprob="x"),
    "a logprob above all bounds": tokens(logprob=HUGE),
    "a logprob above 0": tokens(logprob=5.0),
    "a logprob NaN": tokens(logprob=float("nan")),
    "an alternative NaN": tokens(top_logprobs=[{"token": "b", "logprob": float("nan")}]),
    "an alternative above 0": tokens(top_logprobs=[{"token": "b", "logprob": 50.0}]),
    "alternatives as number": tokens(top_logprobs=7),
    "bytes that are none": tokens(bytes=[HUGE]),
    "logprobs in another form": with_logprobs({"token_logprobs": [1], "tokens": 7}),
    "wait a billion seconds": sends(b"{}", status="429 X", retry_after="1000000000"),
    "wait less than nothing": sends(b"{}", status="429 X", retry_after="-5", retry_after_ms="-1e999"),
    "wait until 3000": sends(b"{}", status="429 X", retry_after="Wed, 01 Jan 3000 00:00:00 GMT"),
    "wait until the year 0": sends(b"{}", status="429 X", retry_after="Mon, 01 Jan 0001 00:00:00 +2359"),
    "limits that lie": sends(b"{}", status="503 X", x_ratelimit_remaining_requests="-7", retry_after="nan"),
    "a redirect to itself": sends(b"", status="307 X", location="/v1/chat/completions"),
    "a redirect to no host": sends(b"", status="307 X", location="http://[x/\x1b[31m"),
    "status 101": head("HTTP/1.1 101 X", "upgrade: x", "connection: upgrade", body=b""),
    "status 204": head("HTTP/1.1 204 X", body=b""),
    "status 999": head("HTTP/1.1 999 X", "content-length: 2"),
    "no HTTP": lambda received: [b"SSH-2.0-x\r\n", CLOSE],
    "a negative length": head("HTTP/1.1 200 OK", "content-length: -5"),
    "two lengths": head("HTTP/1.1 200 OK", "content-length: 2", "content-length: 5"),
    "a length of 5000 digits": head("HTTP/1.1 200 OK", f"content-length: {'9' * 5000}"),
    "a longer length": head("HTTP/1.1 200 OK", "content-length: 500"),
    "a chunk above all bounds": head("HTTP/1.1 200 OK", "transfer-encoding: chunked", body=b"F" * 30 + b"\r\nabc"),
    "no gzip": sends(b"{}", content_encoding="gzip"),
    "half of gzip": sends(gzip.compress(b"{}")[:-9], content_encoding="gzip"),
    "gzip in gzip": sends(gzip.compress(gzip.compress(b"{}")), content_encoding="gzip, gzip"),
    "brotli": sends(b"\x0b\x02\x80{}\x03", content_encoding="br"),
    "zstd": sends(b"\x28\xb5\x2f\xfd{}", content_encoding="zstd"),
    "trailers": head("HTTP/1.1 200 OK", "transfer-encoding: chunked", body=b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 5000),
    "events of another kind": again(b'data: {"type": "ping", "choices": 7}\n\n', 1),
    "events that are no JSON": again(b"data: {\n\ndata: \xff\n\n:\n\nevent\n", 1),
    **{f"a connection that ends at byte {at}": cut(at) for at in range(0, 120, 7)},
}
"""What takes no long time and no memory."""

LARGE_LIES: Mapping[str, Script] = {
    "a long model": says(model="x" * 1_000_000),
    "deep lists": sends(b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "deep objects": sends(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "100,000 choices": says(choices=[{"message": {"content": "a"}, "finish_reason": "stop"}] * 100_000),
    "a long finish reason": says(
        choices=[{"message": {"content": "a"}, "finish_reason": "z" * 1_000_000}],
        stop_reason="z" * 1_000_000,
        done_reason="z" * 1_000_000,
    ),
    "a long tier": says(service_tier="z" * 100_000),
    "an error of marks": sends(b"<" * 1_000_000, status="500 X"),
    "marks without JSON": sends(b"<" * 1_000_000),
    "an error of letters": sends(b"a" * 1_000_000, status="400 X"),
    "an error of digits": sends(b"9" * 1_000_000, status="422 X"),
    "an error of details": sends(json.dumps({"detail": [{"loc": ["a"]}] * 100_000}).encode(), status="422 X"),
    "many headers": head("HTTP/1.1 200 OK", *(f"x-{n}: {'a' * 100}" for n in range(5000))),
    "a long header": head("HTTP/1.1 200 OK", f"x: {'a' * 1_000_000}"),
}
"""The same, with texts and lists that are too large."""

BOMB = gzip.compress(b" " * (200 << 20))
LINES = gzip.compress(b"\n" * (64 << 20))
FLOODS: Mapping[str, Script] = {
    "200 MB of gzip": sends(BOMB, content_encoding="gzip"),
    "200 MB of deflate": sends(zlib.compress(b"{" * (200 << 20)), content_encoding="deflate"),
    "64 MB of line ends": sends(LINES, content_encoding="gzip"),
    "events of gzip": sends(gzip.compress(b"data: {}\n" * 400_000), content_encoding="gzip"),
    "a text of 100 MB": lambda received: [response(json.dumps(honest_body(received, "a" * 100_000_000)).encode())],
    "a text of 7 MB with an emoji": lambda received: [
        response(json.dumps(honest_body(received, "a" * 7_000_000 + "\U0001f600"), ensure_ascii=False).encode())
    ],
    "7 MB of lists": sends(b'{"choices":[' + b"[]," * 2_400_000 + b"[]]}"),
    "7 MB of objects": sends(b'{"choices":[' + b'{"ab":"cd"},' * 600_000 + b"{}]}"),
    "7 MB of short texts": sends(b'{"choices":[' + b'"ab",' * 1_500_000 + b"1]}"),
    "200,000 tokens": with_logprobs({"content": [{"token": "ab", "logprob": -1.0}] * 200_000}),
    "an endless body": again(b"x" * 65536, 4000),
    "an endless line": again(b"data: " + b"x" * 65536, 4000),
    "endless events": again(b'data: {"choices":[{"delta":{"content":"x"}}]}\n' * 1000, 4000),
    "endless logprobs": again(
        b'data: {"choices":[{"delta":{},"logprobs":{"content":['
        + b'{"token":"ab","logprob":-1},' * 1000
        + b'{"token":"a","logprob":-1}]}}]}\n',
        4000,
    ),
    "endless blocks": lambda received: chain(
        [HEAD],
        (
            b'data: {"type":"content_block_start","index":%d,"content_block":{"type":"text","x":[{},{},{}]}}\n' % n
            for n in range(400_000)
        ),
        [CLOSE],
    ),
    "endless chunks": again(b"1\r\n \r\n" * 1000, 4000, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    "endless headers": again(b"x: %s\r\n" % (b"a" * 1000), 400_000, b"HTTP/1.1 200 OK\r\n"),
    "endless continues": again(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 4000, b""),
}
"""What takes much memory or time of a client that believes it."""

STALLS: Mapping[str, Script] = {
    "before headers": lambda received: [3600.0],
    "within headers": lambda received: [b"HTTP/1.1 200 OK\r\n", 3600.0],
    "within the body": lambda received: [response(json.dumps(honest_body(received)).encode())[:-5], 3600.0],
    "a length that never comes": lambda received: [response(b"{}", length=10**15), 3600.0],
    "a trickle of headers": slowly(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", 0.05),
    "a trickle": slowly(HEAD, b" ", 0.05),
    "a trickle of events": slowly(HEAD, b": x\n", 0.05),
}
"""What ends only by a deadline."""

Outcome = Completion | HiddenLayerError


async def calls(
    name: str, url: str, prompts: Sequence[str], *, stream: bool = False, attempt_s: float = 20.0
) -> list[tuple[Outcome, float]]:
    """(what a call with each prompt gave, the longest time in seconds of CPU in which the loop did nothing else)."""
    provider = FACTORIES[name](url)
    if stream:
        provider.stream = True  # type: ignore[attr-defined]
    policy = RetryPolicy(attempt_s=attempt_s, total_s=attempt_s, attempts=1)
    client = ModelClient.for_provider(name, provider, AdaptiveLimiter(8), retry_policy=policy)
    outcomes: list[tuple[Outcome, float]] = []
    try:
        for prompt in prompts:
            blocked: list[float] = []
            beating = asyncio.create_task(_beat(blocked))
            await asyncio.sleep(0)
            outcome = await _call(client, prompt)
            await asyncio.sleep(0.002)
            beating.cancel()
            outcomes.append((outcome, max(blocked)))
    finally:
        await client.close()
    return outcomes


async def _call(client: ModelClient, prompt: str) -> Outcome:
    params = GenerationConfig(temperature=0.0)
    try:
        return await client.complete(
            Request(messages=(Message(role="user", content=prompt),), params=params, seed=1, top_logprobs=2)
        )
    except HiddenLayerError as error:
        return error


async def _beat(blocked: list[float]) -> None:
    last = time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = time.thread_time()
        blocked.append(now - last)
        last = now


def main(name: str, url: str, stream: str, *prompts: str) -> None:
    """Print, for each prompt, a line of JSON: what the call gave, seconds blocked, MB of memory more than before."""
    asyncio.run(calls(name, url, ["warm up"], stream=bool(stream)))
    for prompt in prompts:
        before = _memory_mb(reset=True)
        [(outcome, blocked_s)] = asyncio.run(calls(name, url, [prompt], stream=bool(stream)))
        shown = str(outcome) if isinstance(outcome, HiddenLayerError) else f"answered: {outcome.text[:40]}"
        print(json.dumps([shown, blocked_s, _memory_mb() - before]), flush=True)


def _memory_mb(*, reset: bool = False) -> float:
    """The most memory since the last reset, in MB. Linux only."""
    if reset:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
