"""Files of every schema version that was ever written are read, and those of a later version are refused by name.

The folders in `earlier/` were written by the code of their time: a run of three strategies, snapshots and, since
there are any, cassettes. docs/security.md has the table of versions.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer.analysis.annotation.reviews import read_reviews
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.finetuning.adapters import read_manifest
from pytest_hiddenlayer.results.log.run_log import read_records

STORED = Path(__file__).parent / "earlier"
VERSIONS = ("schema-1", "schema-2", "schema-3", "schema-3-compacted")
MODEL = "scripted:replies.json"


@pytest.fixture(params=VERSIONS)
def stored(request: pytest.FixtureRequest, folder: Folder) -> Folder:
    """A copy of a stored folder."""
    shutil.copytree(STORED / request.param, folder.path, dirs_exist_ok=True)
    return folder


def old_run(folder: Folder) -> Path:
    """The stored run, whose name is older than that of any new one."""
    return folder.runs()[0]


@pytest.mark.slow
def test_every_command_reads_it(stored: Folder):
    """The commands that read runs find its nine answers, of which three are wrong."""
    run = old_run(stored)
    shown = stored.command("show", run.name, "--json")
    assert shown.ret == 0
    cells = json.loads(shown.stdout.str())
    assert [(cell["n"], round(cell["score"], 3)) for cell in cells] == [(3, 0.667)] * 3
    for args in (
        ["show", run.name, "--sample", "c"],
        ["export", run.name, "--to", "csv"],
        ["bench", "strategies", run.name],
        ["tournament", run.name],
        ["review", run.name, "--counts"],
        ["compare", run.name, run.name],
        ["open", run.name, "--no-browser"],
        ["compact", run.name],
    ):
        assert stored.command(*args).ret == 0, args
    assert run.name in stored.command("runs").stdout.str()


def test_records_have_todays_fields(stored: Folder):
    """Every record becomes one of schema 3, with its calls' messages."""
    records = list(read_records(old_run(stored)))
    assert len(records) == 9
    assert {record.schema for record in records} == {3}
    assert all(message["content"] for record in records for call in record.transcript for message in call["messages"])
    assert all("warnings" not in call or isinstance(call["warnings"], list) for r in records for call in r.transcript)


@pytest.mark.slow
def test_a_run_goes_on_and_is_compared_with_it(stored: Folder):
    """`--resume` and `--baseline` take it; `compare` pairs its samples with those of a run of today.

    A newer scorer is another scorer: then the two are not compared, and a sentence says so.
    """
    run = old_run(stored)
    for option in ("--resume", "--baseline"):
        ran = stored.command("run", "evals", "--provider", MODEL, option, run.name)
        said = ran.stdout.str() + ran.stderr.str()
        assert ran.ret == 0 or "was scored by 'numeric/1', this run by 'numeric/2'" in said
        assert "Traceback" not in said
        assert len(list(read_records(stored.runs()[-1]))) == 9
    compared = stored.command("compare", run.name, stored.runs()[-1].name, "--match", "id")
    assert compared.ret in (0, 1)
    assert "9 pairs of samples compared" in compared.stdout.str() or "numeric/1" in compared.stdout.str()


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS[:3])
def test_snapshots_and_cassettes_are_read(folder: Folder, version: str):
    """Gates find the baselines of its snapshots; its cassettes answer the calls that are still made."""
    shutil.copytree(STORED / version, folder.path, dirs_exist_ok=True)
    gated = folder.command("run", "evals", "--provider", MODEL, "--gate", "require")
    assert "cannot be used" not in gated.stdout.str() + gated.stderr.str()
    assert folder.command("compare", "snapshots", old_run(folder).name).ret == 0
    if (folder.path / "cassettes").is_dir():
        replayed = folder.command(
            "run", "evals", "--provider", MODEL, "--strategy", "single", "--replay", "cassettes"
        )
        assert "of 3 calls 3 were answered from the cache" in replayed.stdout.str()


def of_later_version(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Rewrite a JSON file, or every line of a JSONL file, as a later version might."""
    texts = path.read_text(encoding="utf-8")
    values = [json.loads(text) for text in (texts.splitlines() if path.suffix == ".jsonl" else [texts])]
    for value in values:
        edit(value)
    path.write_text("".join(f"{json.dumps(value)}\n" for value in values), encoding="utf-8")


@pytest.mark.parametrize("name", ["records.jsonl", "run.json"])
def test_a_run_of_a_later_version_is_refused(folder: Folder, name: str):
    """No command shows a part of a run that a later version wrote: file, versions and remedy are named."""
    shutil.copytree(STORED / "schema-3", folder.path, dirs_exist_ok=True)
    run = old_run(folder)
    of_later_version(run / name, lambda values: values.update(schema=9))
    for args in (
        ["show", run.name],
        ["compare", run.name, run.name],
        ["export", run.name, "--to", "csv"],
        ["run", "evals", "--provider", MODEL, "--resume", run.name],
    ):
        printed = folder.command(*args)
        said = printed.stdout.str() + printed.stderr.str()
        assert printed.ret == 4, args
        assert name in said
        assert "it has schema 9" in said
        assert "install a later pytest-hiddenlayer" in said


def test_a_snapshot_of_a_later_version_is_refused(folder: Folder):
    """`compare` names the snapshot and both versions."""
    shutil.copytree(STORED / "schema-3", folder.path, dirs_exist_ok=True)
    for path in (folder.path / "snapshots" / "sums").glob("*.json"):
        of_later_version(path, lambda values: values.update(schema=9))
    printed = folder.command("compare", "snapshots", old_run(folder).name)
    assert printed.ret == 1
    assert "Nothing was compared" in printed.stdout.str()
    assert "schema 9, but this version reads schema 1; install a later pytest-hiddenlayer" in printed.stdout.str()


def test_a_cassette_of_a_later_version_is_refused(folder: Folder):
    """A field that this version does not know is named, with file and line: without it, another call might answer."""
    shutil.copytree(STORED / "schema-3", folder.path, dirs_exist_ok=True)
    (path,) = (folder.path / "cassettes").glob("*.jsonl")
    of_later_version(path, lambda values: values.update(image="x"))
    printed = folder.command("run", "evals", "--provider", MODEL, "--replay", "cassettes")
    said = printed.stdout.str() + printed.stderr.str()
    assert printed.ret != 0
    assert "scripted-replies.json.jsonl:1: not a recorded call: unknown ['image']" in said


def test_reviews_of_a_later_version_are_refused(tmp_path: Path):
    """The line and both versions are named."""
    (tmp_path / "reviews.jsonl").write_text('{"schema": 9, "key": "k", "mode": "slip"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"reviews\.jsonl:1: .*schema 9; this version reads schema 1"):
        read_reviews(tmp_path)


def test_an_adapter_of_a_later_version_is_refused(tmp_path: Path):
    """finetuning.json, both versions and the remedy are named."""
    for name in ("adapters.safetensors", "adapter_config.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    (tmp_path / "finetuning.json").write_text('{"schema": 9}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"finetuning\.json: it has schema 9, .* install a later pytest-hiddenlayer"):
        read_manifest(tmp_path)
