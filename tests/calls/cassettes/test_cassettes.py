"""Cassettes: what is recorded is small, stable and portable; what is replayed is the same, and a miss says why."""

from __future__ import annotations

import asyncio
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.calls.cassettes.closest import first_difference
from pytest_hiddenlayer.calls.cassettes.format import format_line, parse_line
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder, Replayer
from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage

REQUEST = Request(
    messages=(
        Message(role="system", content="You are agent 1 of 3."),
        Message(role="user", content="What is 2 + 2?"),
    ),
    params=GenerationConfig(temperature=0.0, top_p=1.0, max_tokens=64, stop=("END",)),
    seed=7,
    role="agent-1",
    round=1,
    sample_id="s1",
)
ANSWER = Completion(
    text="4",
    finish_reason="stop",
    usage=Usage(input_tokens=9, output_tokens=1, cached_input_tokens=0, calls=1),
    latency_s=0.25,
    model="nano-1",
    cost_usd=0.01,
    time_to_first_token_s=0.125,
    attempts=3,
)
REPLAYED = replace(ANSWER, latency_s=0.0, time_to_first_token_s=None, attempts=1, cost_usd=0.0, cached=True)
RECORDER = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.calls.cassettes.test_cassettes import ANSWER, REQUEST, identity
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder
folder, name, how = sys.argv[1:]
recorder = Recorder(Path(folder))
for i in range(100):
    recorder.add(identity(replace(REQUEST, sample_id=f"{name}{i}")), replace(ANSWER, text=f"{name}{i}"))
if how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
recorder.close()
"""


def identity(request: Request = REQUEST, model: str = "nano-1", endpoint: str = "") -> dict[str, Any]:
    return cache_key_fields("mlx", model, endpoint, request)


def record(folder: Path, *calls: tuple[dict[str, Any], Completion]) -> None:
    recorder = Recorder(folder)
    for one, completion in calls or ((identity(), ANSWER),):
        recorder.add(one, completion)
    recorder.close()


def miss(folder: Path, request: Request, model: str = "nano-1") -> str:
    """What a call that is not recorded is told."""
    with pytest.raises(ProviderError) as caught:
        Replayer(folder).find("mlx", model, "", request)
    return str(caught.value)


def asking(text: str, **changes: Any) -> Request:
    return replace(REQUEST, messages=(REQUEST.messages[0], Message(role="user", content=text)), **changes)


def spawn(folder: Path, name: str, how: str = "close") -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RECORDER, str(folder), name, how], cwd=Path(__file__).parents[3])


# ---------------------------------------------------------------- what is recorded and replayed


def test_a_call_is_replayed_as_it_was(tmp_path):
    """Text, finish reason, usage and model are those recorded; it took no time and cost nothing."""
    record(tmp_path)
    assert Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST) == REPLAYED


@pytest.mark.parametrize(
    "odd",
    [
        replace(ANSWER, finish_reason="length"),
        replace(ANSWER, finish_reason="refusal", text=""),
        replace(ANSWER, model="nano-1-2026-01-01", warnings=("nano-1-2026-01-01 answered instead of nano-1",)),
        replace(ANSWER, usage=Usage(calls=1)),
        replace(
            ANSWER, usage=Usage(input_tokens=1, output_tokens=2, reasoning_tokens=3, cache_write_tokens=0, calls=2)
        ),
        replace(ANSWER, text="a\nb\u2028c \ud800 é"),
    ],
    ids=["cut", "refused", "another model", "no usage", "all usage", "odd text"],
)
def test_nothing_of_an_answer_is_lost(tmp_path, odd):
    """Whatever is not usual about an answer comes back too; unknown stays unknown, and 0 stays 0."""
    record(tmp_path, (identity(), odd))
    found = Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST)
    assert found == replace(
        REPLAYED, **{f: getattr(odd, f) for f in ("text", "finish_reason", "usage", "model", "warnings")}
    )


def test_log_probabilities_come_back_shortened(tmp_path):
    """Those of the taken tokens within 5e-5; alternatives within 1e-6, and only where they were asked for."""
    top = ({"4": -0.123456789, "5": -math.inf},)
    full = replace(ANSWER, logprobs=(-0.123456789, -math.inf, 0.0), top_logprobs=top)
    wanted = replace(REQUEST, top_logprobs=2)
    record(tmp_path, (identity(), full), (identity(wanted), full))
    plain, more = (Replayer(tmp_path).find("mlx", "nano-1", "", request) for request in (REQUEST, wanted))
    assert plain.logprobs == more.logprobs == pytest.approx((-0.123456789, -math.inf, 0.0), abs=5e-5)
    assert plain.top_logprobs is None
    assert more.top_logprobs is not None
    assert more.top_logprobs[0] == pytest.approx(top[0], abs=1e-6)


@given(
    text=st.text(),
    contents=st.lists(st.text(), min_size=1, max_size=3),
    logprobs=st.none() | st.lists(st.floats(max_value=0, allow_nan=False)),
    round_=st.integers(0, 9),
    sample=st.text(),
)
def test_any_call_reads_back(text, contents, logprobs, round_, sample):
    """A line is one line, and gives the identity without the server, and the text, back."""
    messages = tuple(Message(role="user", content=content) for content in contents)
    one = identity(replace(REQUEST, messages=messages, round=round_, sample_id=sample), endpoint="http://x")
    line = format_line(one, replace(ANSWER, text=text, logprobs=None if logprobs is None else tuple(logprobs)))
    assert line.count(b"\n") == 1
    call = parse_line(line)
    assert call.identity == {name: value for name, value in one.items() if name != "endpoint"}
    assert call.completion.text == text
    assert len(call.completion.logprobs or ()) == len(logprobs or ())


def test_the_server_does_not_matter(tmp_path):
    """What one server answered is replayed for any other."""
    record(tmp_path, (identity(endpoint="http://127.0.0.1:8080"), ANSWER))
    assert Replayer(tmp_path).find("mlx", "nano-1", "https://elsewhere", REQUEST) == REPLAYED
    assert b"127.0.0.1" not in (tmp_path / "mlx-nano-1.jsonl").read_bytes()


def test_0_and_0_0_are_the_same_temperature(tmp_path):
    """0 and 0.0 ask for the same, and so do 1 and 1.0."""
    record(tmp_path, (identity(replace(REQUEST, params=GenerationConfig(temperature=0, top_p=1))), ANSWER))
    request = replace(REQUEST, params=GenerationConfig(temperature=0.0, top_p=1.0))
    assert Replayer(tmp_path).find("mlx", "nano-1", "", request) == REPLAYED


def test_a_models_folder_does_not_matter(tmp_path):
    """A model named by an absolute path is recorded by its last part, and found from another folder."""
    record(tmp_path, (identity(model="/home/me/models/tiny"), replace(ANSWER, model="/home/me/models/tiny")))
    found = Replayer(tmp_path).find("mlx", "/srv/tiny", "", REQUEST)
    assert (found.text, found.model) == ("4", "tiny")
    assert b"home" not in (tmp_path / "mlx-tiny.jsonl").read_bytes()


def test_the_same_call_twice_is_the_same_answer(tmp_path):
    """Replaying does not use an answer up."""
    record(tmp_path)
    replayer = Replayer(tmp_path)
    assert replayer.find("mlx", "nano-1", "", REQUEST) == replayer.find("mlx", "nano-1", "", REQUEST)


def test_each_model_has_a_file(tmp_path):
    """PROVIDER-SLUG.jsonl; models that share a slug share a file, and are told apart."""
    models = ("gpt-4.1", "org/Llama", "other/llama")
    record(
        tmp_path, *((cache_key_fields("openai", m, "", REQUEST), replace(ANSWER, text=m, model=m)) for m in models)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["openai-gpt-4.1.jsonl", "openai-llama.jsonl"]
    replayer = Replayer(tmp_path)
    assert [replayer.find("openai", model, "", REQUEST).text for model in models] == list(models)


def test_a_line_tells_only_what_counts(tmp_path):
    """No key, no time, no server; what has its usual value is left out; keys are sorted."""
    record(tmp_path, (identity(endpoint="http://127.0.0.1:8080"), ANSWER))
    line = (tmp_path / "mlx-nano-1.jsonl").read_text()
    assert line == (
        '{"messages":[{"system":"You are agent 1 of 3."},{"user":"What is 2 + 2?"}],"model":"nano-1",'
        '"params":{"max_tokens":64,"stop":["END"],"temperature":0.0,"top_p":1.0},"provider":"mlx","role":"agent-1",'
        '"round":1,"sample":"s1","seed":7,"text":"4",'
        '"usage":{"cached_input_tokens":0,"input_tokens":9,"output_tokens":1}}\n'
    )


def test_the_order_of_calls_does_not_matter(tmp_path):
    """The same calls make the same file, in whichever order they were answered; a sample's stand together."""
    calls = [
        (identity(asking(f"q{i}", sample_id=f"s{i}", round=r, role=role)), replace(ANSWER, text=f"{i}{r}{role}"))
        for i in range(3)
        for r in range(2)
        for role in ("a", "b")
    ]
    record(tmp_path / "one", *calls)
    record(tmp_path / "other", *calls[::-1])
    one, other = ((tmp_path / name / "mlx-nano-1.jsonl").read_text() for name in ("one", "other"))
    assert one == other
    assert [json.loads(line)["text"] for line in one.splitlines()][:4] == ["00a", "00b", "01a", "01b"]


# ---------------------------------------------------------------- recording again, at once, and interrupted


def test_a_call_recorded_anew_replaces_its_line(tmp_path):
    """Only that line changes; calls that were not made again stay as they were."""
    other = identity(replace(REQUEST, seed=8))
    record(tmp_path, (identity(), ANSWER), (other, ANSWER))
    before = (tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()
    record(tmp_path, (other, replace(ANSWER, text="four")))
    after = (tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()
    assert [line.replace('"four"', '"4"') for line in after] == before
    assert sum(line not in before for line in after) == 1


def test_recording_the_same_changes_nothing(tmp_path):
    """A cassette that says the same already is not even written."""
    record(tmp_path)
    before = (tmp_path / "mlx-nano-1.jsonl").stat()
    record(tmp_path)
    after = (tmp_path / "mlx-nano-1.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_processes_record_into_one_folder(tmp_path):
    """Three processes at once lose nothing, and leave nothing but the cassette."""
    running = [spawn(tmp_path, name) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["mlx-nano-1.jsonl"]
    replayer = Replayer(tmp_path)
    for name in "abc":
        for i in range(100):
            assert replayer.find("mlx", "nano-1", "", replace(REQUEST, sample_id=f"{name}{i}")).text == f"{name}{i}"


def test_a_killed_recorder_loses_nothing(tmp_path):
    """What it finished is replayed at once, and is in the cassette after the next recording."""
    assert spawn(tmp_path, "k", "kill").wait() == -9
    assert not (tmp_path / "mlx-nano-1.jsonl").exists()
    last = replace(REQUEST, sample_id="k99")
    assert Replayer(tmp_path).find("mlx", "nano-1", "", last).text == "k99"
    record(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mlx-nano-1.jsonl"]
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 101


def test_half_a_line_of_a_killed_recorder_is_left_out(tmp_path):
    """Its whole lines count."""
    whole = format_line(identity(), ANSWER)
    (tmp_path / ".recording-0").write_bytes(whole + whole[:40])
    assert Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST) == REPLAYED
    record(tmp_path, (identity(replace(REQUEST, seed=8)), ANSWER))
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 2


def test_a_recorder_at_work_is_left_alone(tmp_path):
    """One that closes merges its own calls and not those of another that goes on."""
    slow = Recorder(tmp_path)
    slow.add(identity(), ANSWER)
    record(tmp_path, (identity(replace(REQUEST, seed=8)), ANSWER))
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 1
    slow.add(identity(replace(REQUEST, seed=9)), ANSWER)
    slow.close()
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 3


def test_a_closed_recorder_takes_nothing(tmp_path):
    """Adding to it is an error, closing it again is none."""
    recorder = Recorder(tmp_path)
    recorder.close()
    recorder.close()
    with pytest.raises(UsageError, match="closed"):
        recorder.add(identity(), ANSWER)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    """The error names the option and the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--record .*file/x: cannot write there"):
        Recorder(tmp_path / "file" / "x")


# ---------------------------------------------------------------- cassettes that are wrong


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"<<<<<<< HEAD\n", "Expecting value"),
        (b"[1]\n", "a JSON object is needed"),
        (format_line(identity(), ANSWER)[:-30], "Unterminated|delimiter|Expecting"),
        (format_line(identity(), ANSWER).replace(b'"seed":7,', b""), "'seed' is missing"),
        (
            format_line(identity(), ANSWER).replace(b'"seed":7', b'"seed":"7"'),
            "`seed` must be of type int, found '7'",
        ),
        (format_line(identity(), ANSWER).replace(b'"usage"', b'"useage"'), "unknown .'useage'."),
        (format_line(identity(), ANSWER).replace(b'"input_tokens"', b'"tokens"'), "tokens"),
        (
            format_line(identity(), ANSWER).replace(b'{"user":"What is 2 + 2?"}', b'{"user":3}'),
            "a message is {role: text}",
        ),
    ],
    ids=["conflict", "list", "half", "missing", "type", "unknown", "usage", "message"],
)
def test_a_malformed_line_is_an_error(tmp_path, bad, why):
    """The error names file and line, for replaying and for recording; recording then loses nothing."""
    path = tmp_path / "mlx-nano-1.jsonl"
    path.write_bytes(format_line(identity(), ANSWER) + bad)
    with pytest.raises(UsageError, match=rf"mlx-nano-1\.jsonl:2: not a recorded call: .*({why})"):
        Replayer(tmp_path)
    recorder = Recorder(tmp_path)
    recorder.add(identity(replace(REQUEST, seed=8)), ANSWER)
    with pytest.raises(UsageError, match=r"mlx-nano-1\.jsonl:2"):
        recorder.close()
    path.unlink()
    assert Replayer(tmp_path).find("mlx", "nano-1", "", replace(REQUEST, seed=8)) == REPLAYED


def test_a_folder_without_cassettes_is_an_error(tmp_path):
    """The error says how to make one."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"no recorded calls .* there; make some with --record"):
            Replayer(folder)


# ---------------------------------------------------------------- a provider that replays


def test_a_provider_replays_without_its_client(tmp_path):
    """The provider of a model answers though nobody can open the real one, here one that is not even registered."""
    record(
        tmp_path, (cache_key_fields("acme", "large-1", "https://api.acme", REQUEST), replace(ANSWER, model="large-1"))
    )
    provider = Replayer(tmp_path).model("acme", "large-1")
    assert (provider.model, provider.capabilities.supports_json_schema) == ("large-1", False)
    assert asyncio.run(provider.complete(REQUEST)) == replace(REPLAYED, model="large-1")
    asyncio.run(provider.close())


def test_a_model_that_nobody_named_is_the_usual_or_the_only_one(tmp_path, monkeypatch):
    """The provider's default model where that was recorded, else the only recorded one, else an error names them."""
    factory = type("Acme", (), {"default_model": "usual"})
    monkeypatch.setitem(providers._own, "acme", factory)
    record(tmp_path, (cache_key_fields("acme", "one", "", REQUEST), ANSWER))
    assert Replayer(tmp_path).model("acme").model == "one"
    record(tmp_path, (cache_key_fields("acme", "two", "", REQUEST), ANSWER))
    with pytest.raises(UsageError, match="recorded are acme:one, acme:two; write --provider acme:MODEL"):
        Replayer(tmp_path).model("acme")
    record(tmp_path, (cache_key_fields("acme", "usual", "", REQUEST), ANSWER))
    assert Replayer(tmp_path).model("acme").model == "usual"


def test_a_provider_is_structured_where_a_schema_was_recorded(tmp_path):
    """Then requests with a schema are made as they were when recording."""
    schema = {"type": "object", "properties": {"verdict": {"type": "string"}}}
    request = replace(REQUEST, schema=schema)
    record(tmp_path, (identity(request), ANSWER))
    provider = Replayer(tmp_path).model("mlx", "nano-1")
    assert provider.capabilities.supports_json_schema
    assert asyncio.run(provider.complete(request)) == REPLAYED


# ---------------------------------------------------------------- a call that is not recorded


@pytest.mark.parametrize(
    ("request_", "difference"),
    [
        (replace(REQUEST, seed=8), "seed (asked 8, recorded 7)"),
        (replace(REQUEST, role="agent-2"), "role (asked 'agent-2', recorded 'agent-1')"),
        (replace(REQUEST, round=2), "round (asked 2, recorded 1)"),
        (replace(REQUEST, epoch=2), "epoch (asked 2, recorded 1)"),
        (replace(REQUEST, sample_id="s2"), "sample (asked 's2', recorded 's1')"),
        (replace(REQUEST, top_logprobs=5), "top_logprobs (asked 5, recorded 0)"),
        (replace(REQUEST, schema={"type": "object"}), "the schema of the answer"),
        (
            replace(REQUEST, params=GenerationConfig(temperature=0.5, top_p=1.0, max_tokens=64)),
            "stop (asked None, recorded ['END']), temperature (asked 0.5, recorded 0.0)",
        ),
        (replace(REQUEST, messages=REQUEST.messages[:1]), "number of messages (asked 1, recorded 2)"),
    ],
    ids=["seed", "role", "round", "epoch", "sample", "top", "schema", "params", "count"],
)
def test_a_miss_tells_the_field_that_differs(tmp_path, request_, difference):
    """And only that one."""
    record(tmp_path)
    assert miss(tmp_path, request_).endswith(f"differs in {difference}")


def test_a_miss_says_what_was_asked_and_what_to_do(tmp_path):
    """The whole message."""
    record(tmp_path)
    assert miss(tmp_path, replace(REQUEST, seed=8)) == (
        f"--replay {tmp_path}: no answer is recorded of mlx:nano-1 to the call of agent-1 in round 1 of sample 's1', "
        f"epoch 1; record it with --record {tmp_path}. The nearest recorded call is of agent-1 in round 1 of sample "
        "'s1', epoch 1 and differs in seed (asked 8, recorded 7)"
    )


def test_a_miss_shows_where_the_messages_part(tmp_path):
    """The first message that differs, and a short excerpt of both around the first difference."""
    start, end = "word " * 50, " and more" * 50
    record(tmp_path, (identity(asking(f"{start}seven{end}")), ANSWER))
    told = miss(tmp_path, asking(f"{start}seventy\n{end}")).splitlines()
    assert told[0].endswith("differs in message 2 (user) from character 256 on:")
    assert told[1] == "- …word word word word word seven and more and more and more and more and more and …"
    assert told[2] == "+ …word word word word word seventy\\n and more and more and more and more and more a…"
    assert len(told) == 3


def test_the_document_shows_what_is_so(tmp_path, monkeypatch):
    """The line of a cassette in the document is one, and a miss is told in the words that stand there."""
    shown = (Path(__file__).parents[3] / "docs" / "cache-and-replay.md").read_text(encoding="utf-8")
    line = shown.partition("```json\n")[2].partition("\n```")[0]
    monkeypatch.chdir(tmp_path)
    folder = Path("fixtures/cassettes")
    folder.mkdir(parents=True)
    (folder / "mlx-nano-1.jsonl").write_text(f"{line}\n", encoding="utf-8")
    one = json.loads(line)
    request = Request(
        messages=(Message(role="user", content="What is 102 * 5?"),),
        params=GenerationConfig(**{**one["params"], "max_tokens": 80}),
        seed=one["seed"],
        role=one["role"],
        sample_id=one["sample"],
    )
    assert miss(folder, request) in shown


def test_a_miss_of_an_unknown_model_names_the_known(tmp_path):
    """The nearest call is then another model's."""
    record(tmp_path)
    told = miss(tmp_path, REQUEST, model="nano-2")
    assert "of mlx:nano-2 (recorded are mlx:nano-1)" in told
    assert told.endswith("differs in model (asked 'nano-2', recorded 'nano-1')")


def test_the_nearest_is_of_the_same_place_before_it_is_alike(tmp_path):
    """Sample, role and round count before the likeness of the messages; of these the most alike counts."""
    wanted = asking("What is the sum of 17 and 25?")
    record(
        tmp_path,
        (identity(asking("What is the sum of 17 and 26?", sample_id="s2")), ANSWER),
        (identity(asking("Name a colour.", seed=1)), ANSWER),
        (identity(asking("Name the sum of 17 and 25.", seed=2)), ANSWER),
    )
    assert "seed (asked 7, recorded 2), message 2" in miss(tmp_path, wanted)
    elsewhere = miss(tmp_path, replace(wanted, sample_id="s3"))
    assert "sample (asked 's3', recorded 's2'), message 2" in elsewhere


def test_the_nearest_has_the_same_messages_before_all(tmp_path):
    """Rows that moved in a task file are told as a sample that differs, not as another question."""
    rows = ["What is 1 + 1?", "Name a colour.", "What is 5 * 5?"]
    record(tmp_path, *((identity(asking(row, sample_id=str(i))), ANSWER) for i, row in enumerate(rows)))
    assert miss(tmp_path, asking(rows[1], sample_id="2")).endswith("differs in sample (asked '2', recorded '1')")


def test_the_nearest_of_many_epochs_is_of_the_same_epoch(tmp_path):
    """Where a prompt changed, its own epoch is shown, and no epoch that differs needlessly."""
    calls = [(identity(asking("What is 2+2?", epoch=epoch)), ANSWER) for epoch in range(1, 31)]
    record(tmp_path, *calls)
    assert "differs in message 2 (user) from character 10 on" in miss(tmp_path, asking("What is 2 + 2?", epoch=17))


def test_a_miss_looks_at_few_calls(tmp_path, monkeypatch):
    """However many calls are recorded, only some are compared word by word."""
    compared = []
    monkeypatch.setattr(
        "pytest_hiddenlayer.calls.cassettes.closest.similarity", lambda *texts: compared.append(texts) or 0.5
    )
    record(tmp_path, *((identity(asking(f"What is {i}?", sample_id=str(i % 2))), ANSWER) for i in range(400)))
    miss(tmp_path, asking("What is 17?!", sample_id="1"))
    assert 0 < len(compared) <= 12


@given(st.text(), st.text())
def test_the_first_difference_parts_two_texts(text, other):
    """Both texts are equal before it, and differ there or end."""
    index = first_difference(text, other)
    assert text[:index] == other[:index]
    assert text[index : index + 1] != other[index : index + 1] or text == other
