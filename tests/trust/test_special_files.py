"""A link, a pipe or a device where a file is expected stops no command, and is neither read nor sent."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.cassettes import ANSWER, REQUEST, identity, record
from support.folder import Folder
from support.special_files import SPECIAL_FILES, endless, ends, pipe
from support.trust_runs import rich_run

from pytest_hiddenlayer.calls.cassettes.format import format_line
from pytest_hiddenlayer.calls.cassettes.recorder import PART
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder, Replayer
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.jsonl import raw_lines
from pytest_hiddenlayer.io.regular_files import open_regular
from pytest_hiddenlayer.probes.capture_files import load_capture
from pytest_hiddenlayer.results.log.record_file import check_manifest
from pytest_hiddenlayer.results.log.run_chain import run_chain
from pytest_hiddenlayer.results.shards.manifest import is_shard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and owners of files")


@pytest.mark.parametrize("special", SPECIAL_FILES, ids=lambda special: special.__name__)
def test_only_regular_files_are_read(tmp_path: Path, special: Callable[[Path], None]):
    """A pipe, a device, a loop of links, a socket and a folder are errors at once."""
    special(tmp_path / "x")
    with ends(), pytest.raises(OSError, match=r".+"):
        open_regular(tmp_path / "x").close()
    with ends(), pytest.raises(OSError, match=r".+"):
        list(raw_lines(tmp_path / "x"))


RUN_FILES = ("records.jsonl", "run.json", "summary.json", "changes.json", "report.html", "records.parquet")
RUN_COMMANDS = (
    ("show", "{run}"),
    ("compare", "{run}", "{good}"),
    ("compact", "{run}"),
    ("export", "{run}", "--to", "csv", "-o", "out"),
    ("label", "{run}"),
    ("runs",),
)


@pytest.mark.slow
@pytest.mark.parametrize("special", [pipe, endless], ids=lambda special: special.__name__)
@pytest.mark.parametrize("command", RUN_COMMANDS, ids=lambda command: command[0])
def test_a_run_folder_of_a_stranger_stops_no_command(folder: Folder, command: tuple[str, ...], special):
    """Whichever of its files is a pipe or a device, the command ends, without a traceback."""
    made = rich_run(folder.path / "elsewhere")
    good = shutil.copytree(made, folder.path / "good")
    runs = folder.path / "reports" / "runs"
    for name in RUN_FILES:
        hostile = shutil.copytree(made, runs / "hostile")
        (hostile / name).unlink(missing_ok=True)
        special(hostile / name)
        with ends():
            printed = folder.command(*(part.format(run=hostile, good=good) for part in command))
        assert printed.ret in (0, 1, 4), name
        assert "Traceback" not in "\n".join(printed.errlines), name
        shutil.rmtree(hostile)


@pytest.mark.parametrize("special", SPECIAL_FILES, ids=lambda special: special.__name__)
def test_a_manifest_is_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, special):
    """Where `run.json` is a pipe, a device or a folder, nothing is known of the run, and nothing waits."""
    monkeypatch.chdir(tmp_path)
    special(tmp_path / "run.json")
    with ends():
        check_manifest(tmp_path)
        assert run_chain(tmp_path) == [tmp_path]
        assert not is_shard(tmp_path)


@pytest.mark.slow
def test_a_prompt_file_that_links_elsewhere_is_not_sent(sums: Folder):
    """Its text would be sent to a model: a usage error before anything is asked."""
    sums.write("secret.txt", "the secret")
    (sums.path / "project").mkdir()
    for name in ("evals", "replies.json"):
        shutil.move(sums.path / name, sums.path / "project" / name)
    inner = Folder(sums.path / "project")
    inner.write("pytest.ini", "[pytest]\n")
    (inner.path / "words" / "debate").mkdir(parents=True)
    (inner.path / "words" / "debate" / "first.txt").symlink_to(sums.path / "secret.txt")
    printed = inner.run("--hl-prompts", "words", "--strategy", "debate")
    assert printed.ret == 4
    text = "\n".join([*printed.outlines, *printed.errlines])
    assert "leads out of the folder of prompts" in text
    assert "the secret" not in text


def hidden_part(folder: Path, text: str, provider: str = "mlx") -> Path:
    """A file of a recording that seems not to be merged yet."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{PART}aa"
    path.write_bytes(format_line({**identity(), "provider": provider}, replace(ANSWER, text=text)))
    return path


def test_a_hidden_file_replaces_no_recorded_answer(tmp_path: Path):
    """The answers that a reviewer sees in `*.jsonl` are those that are replayed."""
    record(tmp_path)
    hidden_part(tmp_path, "5")
    assert Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST).text == ANSWER.text


@pytest.mark.parametrize("provider", ["../../mlx", "/tmp/mlx", "a/b", ".mlx", "a\0b", ""])
def test_a_recorded_call_names_no_file_elsewhere(tmp_path: Path, provider: str):
    """A cassette is named by the provider of its calls: one that is no name is refused, and nothing is written."""
    hidden_part(tmp_path / "cassettes", "5", provider)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="is not a name"):
        Recorder(tmp_path / "cassettes")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["more.jsonl", f"{PART}bb"])
@pytest.mark.parametrize("special", [*SPECIAL_FILES, lambda path: path.symlink_to(path.parent / "mlx-nano-1.jsonl")])
def test_a_cassette_is_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, special):
    """A link, a pipe, a device and a folder are refused by their name."""
    monkeypatch.chdir(tmp_path)
    record(tmp_path)
    special(tmp_path / name)
    with ends(), pytest.raises(UsageError, match=name):
        Replayer(tmp_path)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("special", SPECIAL_FILES, ids=lambda special: special.__name__)
def test_a_capture_is_a_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, special, suffix: str):
    """What is inside a model is read from a run's folder too: a pipe or a device there is an error at once."""
    monkeypatch.chdir(tmp_path)
    special(tmp_path / f"x{suffix}")
    with ends(), pytest.raises(UsageError, match="x"):
        load_capture(tmp_path / f"x{suffix}", max_bytes=1 << 20)
