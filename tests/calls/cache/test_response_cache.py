"""The response cache stores complete, repeatable answers, for several processes, in a file that is never damaged."""

from __future__ import annotations

import math
import os
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.calls.cache.response_cache import BATCH, ResponseCache
from pytest_hiddenlayer.calls.cache.sqlite import VERSION, default_path, describe, prune
from pytest_hiddenlayer.calls.cache_key import cache_key_fields
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request, Usage

GREEDY = GenerationConfig(temperature=0.0)
WARM = GenerationConfig(temperature=0.8)
REQUEST = Request(
    messages=(Message(role="system", content="Be brief."), Message(role="user", content="2 + 2?")),
    params=GREEDY,
    seed=7,
    role="agent-1",
    round=1,
    sample_id="s1",
)
ANSWER = Completion(
    text="4",
    finish_reason="stop",
    usage=Usage(input_tokens=9, output_tokens=1, cached_input_tokens=3, calls=1),
    latency_s=0.25,
    model="gpt-x-2026-01-01",
    cost_usd=0.01,
    attempts=3,
    warnings=("gpt-x-2026-01-01 answered instead of gpt-x",),
)
WRITER = """
import sys
from pathlib import Path
from tests.calls.cache.test_response_cache import ANSWER, identity
from pytest_hiddenlayer.calls.cache.response_cache import ResponseCache
path, name, how = sys.argv[1:]
cache = ResponseCache(Path(path))
for i in range(300):
    cache.put(identity(sample_id=f"{name}{i}"), ANSWER, deterministic=True)
if how == "close":
    cache.close()
else:
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


def identity(model: str = "gpt-x", endpoint: str = "", **changes: Any) -> dict[str, Any]:
    return cache_key_fields("openai", model, endpoint, replace(REQUEST, **changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the cache, in a folder that does not exist yet."""
    return tmp_path / "deep" / "responses.sqlite"


def kept(path: Path, one: dict[str, Any], completion: Completion, deterministic: bool, mode: Any = "seeded") -> bool:
    """Whether a cache of this mode stores the answer for later processes."""
    with closing(ResponseCache(path, mode)) as cache:
        cache.put(one, completion, deterministic)
    with closing(ResponseCache(path, mode)) as cache:
        return cache.get(one) is not None


def spawn(path: Path, name: str, how: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, how], cwd=Path(__file__).parents[3])


def test_an_answer_is_read_back(path):
    """Text, finish reason, usage, model and warnings are those of the call; it is free and marked as cached."""
    with closing(ResponseCache(path)) as cache:
        cache.put(identity(), ANSWER, deterministic=False)
    with closing(ResponseCache(path)) as cache:
        assert cache.get(identity()) == replace(ANSWER, cost_usd=0.0, cached=True, attempts=1)


def test_an_answer_is_found_before_it_is_written(path):
    """An answer is found at once, even if it is written later."""
    with closing(ResponseCache(path)) as cache:
        cache.put(identity(), ANSWER, deterministic=False)
        assert cache.get(identity()) is not None
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT count(*) FROM responses").fetchone() == (0,)


def test_log_probabilities_are_read_back(path):
    """They are read back within 1e-6, including minus infinity and alternatives."""
    top = ({"4": -0.123456789, "5": -math.inf},)
    with closing(ResponseCache(path)) as cache:
        cache.put(
            identity(), replace(ANSWER, logprobs=(-0.123456789, -math.inf), top_logprobs=top), deterministic=False
        )
        found = cache.get(identity())
    assert found is not None
    assert found.logprobs == pytest.approx((-0.123456789, -math.inf), abs=1e-6)
    assert found.top_logprobs is not None
    assert found.top_logprobs[0] == pytest.approx(top[0], abs=1e-6)


@pytest.mark.parametrize(
    "other",
    [
        identity(model="gpt-y"),
        identity(endpoint="http://127.0.0.1:8080"),
        identity(seed=8),
        identity(role="agent-2"),
        identity(round=2),
        identity(epoch=2),
        identity(sample_id="s2"),
        identity(params=replace(GREEDY, max_tokens=5)),
        identity(messages=REQUEST.messages[1:]),
        identity(schema={"type": "object"}),
        identity(top_logprobs=5),
    ],
    ids=["model", "endpoint", "seed", "role", "round", "epoch", "sample", "params", "messages", "schema", "top"],
)
def test_only_the_same_call_finds_an_answer(path, other):
    """A call that differs in any key field finds no answer."""
    with closing(ResponseCache(path)) as cache:
        cache.put(identity(), ANSWER, deterministic=True)
        assert cache.get(other) is None
        assert cache.get(identity()) is not None


@pytest.mark.parametrize(
    ("params", "seeded", "seeded_mode"),
    [(GREEDY, False, True), (WARM, True, True), (WARM, False, False), (GenerationConfig(), False, False)],
    ids=["greedy", "seeded", "neither", "unknown"],
)
def test_repeatable_answers_are_stored(path, params, seeded, seeded_mode):
    """Mode `seeded` stores greedy and deterministic calls, mode `all` all; an unset temperature is not 0."""
    one = identity(params=params)
    assert kept(path, one, ANSWER, seeded) == seeded_mode
    assert kept(path.with_name("all.sqlite"), one, ANSWER, seeded, "all")


@pytest.mark.parametrize(("params", "refused"), [(GREEDY, "temperature"), (WARM, "seed")])
def test_an_answer_without_its_seed_or_temperature_is_not_repeatable(path, params, refused):
    """A server that refuses the parameter answers at random, so mode `seeded` does not store the answer."""
    one, answer = identity(params=params), replace(ANSWER, not_sent=(refused,))
    assert not kept(path, one, answer, deterministic=refused == "seed")
    assert kept(path.with_name("all.sqlite"), one, answer, False, "all")


@pytest.mark.parametrize("reason", ["refusal", "content_filter", "error", "tool_calls", "length"])
def test_only_complete_answers_are_stored(path, reason):
    """An answer without finish reason `stop` is not stored; mode `all` stores one that was truncated."""
    answer = replace(ANSWER, finish_reason=reason)
    assert not kept(path, identity(), answer, deterministic=True)
    assert kept(path, identity(), answer, True, "all") == (reason == "length")


def test_an_empty_answer_is_never_stored(path):
    """An empty text may be a transient failure."""
    assert not kept(path, identity(), replace(ANSWER, text=" \n"), True, "all")


def test_seeded_ignores_what_all_stored(path):
    """A sampled answer is not repeatable."""
    one = identity(params=WARM)
    with closing(ResponseCache(path, "all")) as cache:
        cache.put(one, ANSWER, deterministic=False)
    with closing(ResponseCache(path, "seeded")) as cache:
        assert cache.get(one) is None
        cache.put(identity(), ANSWER, deterministic=False)
    with closing(ResponseCache(path, "all")) as cache:
        assert cache.get(one) is not None
        assert cache.get(identity()) is not None


def test_a_replayed_answer_is_not_stored(path):
    """An answer from a cassette does not come from the server that the key names."""
    assert not kept(path, identity(), replace(ANSWER, cached=True), deterministic=True)


def test_stats_count_what_happened(path):
    """Hits, misses, stored answers and answers that must not be stored."""
    with closing(ResponseCache(path)) as cache:
        cache.get(identity())
        cache.put(identity(), ANSWER, deterministic=True)
        cache.put(identity(seed=8), replace(ANSWER, finish_reason="length"), deterministic=True)
        cache.get(identity())
        stats = cache.stats()
    assert (stats.hits, stats.misses, stats.stored, stats.not_stored, stats.lost) == (1, 1, 1, 1, 0)


def test_processes_share_one_file(path):
    """Three processes that create and write the file at once lose nothing."""
    running = [spawn(path, name, "close") for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert describe(path).rows == 900
    with closing(ResponseCache(path)) as cache:
        assert all(cache.get(identity(sample_id=f"{name}{i}")) for name in "abc" for i in range(300))


def test_a_killed_process_damages_nothing(path):
    """Less than a batch is lost, and the file is intact."""
    assert spawn(path, "k", "kill").wait() == -9
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert 300 - BATCH < describe(path).rows <= 300


def test_a_locked_file_ends_no_run(path, monkeypatch):
    """While another process locks the file, answers wait; those that are never written count as lost."""
    monkeypatch.setattr("pytest_hiddenlayer.calls.cache.sqlite._WAIT_S", 0.01)
    cache = ResponseCache(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for i in range(BATCH):
            cache.put(identity(sample_id=str(i)), ANSWER, deterministic=True)
        assert cache.get(identity(sample_id="3")) is not None
        cache.close()
    assert (cache.stats().stored, cache.stats().lost) == (0, BATCH)


def test_another_version_is_refused(path):
    """A file of a later version is an error that says what to do."""
    ResponseCache(path).close()
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"PRAGMA user_version = {VERSION + 1}")
    for use in (ResponseCache, describe, lambda path: prune(path, 1)):
        with pytest.raises(UsageError, match=rf"version {VERSION + 1}, .*version {VERSION}; delete or move it"):
            use(path)


def test_a_database_of_another_program_is_not_changed(path):
    """A file of another program is an error, and is not changed."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE bookmarks (name)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="a database of another program; name another file"):
        ResponseCache(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path):
    """A text file at the path of the cache is an error that names it."""
    path.parent.mkdir()
    path.write_text("hello " * 1000)
    with pytest.raises(UsageError, match=r"responses\.sqlite: damaged.*delete or move it"):
        ResponseCache(path)


def test_a_damaged_page_is_an_error(path):
    """A file with an overwritten page is an error when an answer on that page is read."""
    with closing(ResponseCache(path)) as cache:
        for i in range(300):
            cache.put(identity(sample_id=str(i)), ANSWER, deterministic=True)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with closing(ResponseCache(path)) as cache, pytest.raises(UsageError, match=r"damaged.*delete or move it"):
        cache.get(identity(sample_id="3"))


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    """The error names the file and the environment variable that changes its path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file/responses\.sqlite: cannot be used .*HIDDENLAYER_CACHE"):
        ResponseCache(tmp_path / "file" / "responses.sqlite")


def test_an_unknown_mode_is_an_error(path):
    """The error names the valid modes."""
    with pytest.raises(UsageError, match="mode 'off'; choose seeded or all"):
        ResponseCache(path, "off")  # type: ignore[arg-type]


def test_contents_are_counted_by_model(path):
    """Rows by provider and model in descending order, and the bytes on disk; 0 if the file does not exist."""
    assert describe(path).rows == 0
    assert not path.exists()
    with closing(ResponseCache(path)) as cache:
        cache.put(identity("a"), replace(ANSWER, model="a"), deterministic=True)
        for seed in range(3):
            cache.put(identity("b", seed=seed), replace(ANSWER, model="b"), deterministic=True)
    found = describe(path)
    assert (found.rows, list(found.models.items())) == (4, [("openai:b", 3), ("openai:a", 1)])
    assert found.bytes >= path.stat().st_size > 0


def test_old_answers_are_pruned(path, monkeypatch):
    """Older answers are deleted, newer ones stay, and the file shrinks."""
    with closing(ResponseCache(path)) as cache:
        with monkeypatch.context() as past:
            past.setattr(time, "time", lambda: 1_000_000.0)
            for i in range(500):
                cache.put(identity(sample_id=f"old{i}"), ANSWER, deterministic=True)
        cache.put(identity(sample_id="new"), ANSWER, deterministic=True)
    before = describe(path).bytes
    assert prune(path, older_than_days=30) == 500
    assert describe(path).rows == 1
    assert describe(path).bytes < before / 2
    with pytest.raises(UsageError, match="-1 days"):
        prune(path, older_than_days=-1)


def test_the_command_shows_and_prunes(path, capsys):
    """`hiddenlayer cache` shows answers per model; --prune 0 deletes all."""
    with closing(ResponseCache(path)) as cache:
        for seed in range(3):
            cache.put(identity("b", seed=seed), replace(ANSWER, model="b"), deterministic=True)
    assert main(["cache", "--path", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"{path}: 3 answers" in told
    assert "3  openai:b" in told
    assert main(["cache", "--path", str(path), "--prune", "0"]) == 0
    assert "removed: 3 answers" in capsys.readouterr().out
    assert main(["cache", "--path", str(path), "--prune", "-1"]) == 4
    assert "give 0 or more" in capsys.readouterr().err


def test_the_file_is_in_the_users_cache_folder(monkeypatch):
    """$HIDDENLAYER_CACHE, then $XDG_CACHE_HOME, then the system's cache folder."""
    home = Path.home()
    monkeypatch.delenv("HIDDENLAYER_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_path() == home / ".cache/hiddenlayer/responses.sqlite"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_path() == home / "Library/Caches/hiddenlayer/responses.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert default_path() == Path("/x/hiddenlayer/responses.sqlite")
    monkeypatch.setenv("HIDDENLAYER_CACHE", "~/mine")
    assert default_path() == home / "mine/responses.sqlite"


def test_only_its_user_may_read_the_file(path):
    """The file, and those that SQLite adds, are private, whatever the umask and the modes of before are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o644)
    path.chmod(0o644)
    before = os.umask(0)
    try:
        cache = ResponseCache(path)
        cache.put(identity(), ANSWER, True)
        cache.close()
        again = ResponseCache(path)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob(f"{path.name}*")}
    again.close()
    assert set(modes.values()) == {0o600}
