"""--shard and `hiddenlayer merge`: machines that answer parts of one run, and the run that these parts make."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from support.folder import Folder

N = 12
SCRIPTED = "scripted:replies.json"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(shared: Folder) -> Folder:
    """A folder with a baseline of twelve right answers, a test that is no eval, and the runs of three shards."""
    shared.task(n=N, epochs=2)
    shared.write("evals/test_plain.py", "def test_plain():\n    pass\n")
    shared.replies()
    assert shared.run("--snapshot-update").ret == 0
    shutil.rmtree(shared.path / "reports")
    run_shards(shared)
    return shared


@pytest.fixture
def gated(made: Folder, folder: Folder) -> Folder:
    """A copy of that folder, of its own for each test."""
    shutil.copytree(made.path, folder.path, dirs_exist_ok=True)
    return folder


def run_shards(folder: Folder, *args: str, of: int = 3) -> list[str]:
    """Run each shard into a folder of its own; the paths of their runs."""
    shutil.rmtree(folder.path / "shards", ignore_errors=True)
    for index in range(1, of + 1):
        folder.run(f"--shard={index}/{of}", "--hl-reports", f"shards/{index}", *args)
    return shards_of(folder)


def records(path) -> dict[tuple[str, int], tuple[str, str]]:
    """(sample, epoch) → (answer, outcome) of a run; each case must be there once."""
    lines = [json.loads(line) for line in (path / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {(line["sample_id"], line["epoch"]): (line["output"], line["outcome"]) for line in lines}
    assert len(found) == len(lines)
    return found


def cells(path) -> list[dict]:
    """summary.json without what every run has of its own."""
    found = json.loads((path / "summary.json").read_text(encoding="utf-8"))
    return [{key: value for key, value in cell.items() if "latency" not in key and key != "s"} for cell in found]


def shards_of(folder: Folder) -> list[str]:
    """The paths of the runs that the folder has."""
    return sorted(str(path.relative_to(folder.path)) for path in (folder.path / "shards").glob("*/runs/*"))


@pytest.mark.parametrize(
    ("wrong", "workers"), [pytest.param((), ("-n", "2"), marks=pytest.mark.slow), (range(N), ())]
)
def test_the_merged_run_is_the_run_of_one_machine(gated: Folder, workers: tuple[str, ...], wrong) -> None:
    """Records, scores, gates and exit status are those of a run that answered everything, good or bad."""
    gated.replies(wrong=wrong)
    shards = run_shards(gated, *workers)
    merged = gated.command("merge", *shards)
    (joined,) = gated.runs()
    whole = gated.run()
    (alone,) = (run for run in gated.runs() if run != joined)
    assert records(joined) == records(alone)
    assert merged.ret == whole.ret == (1 if wrong else 0)
    ours, theirs = cells(joined), cells(alone)
    assert [cell["gate"] for cell in ours] == [cell["gate"] for cell in theirs]
    assert [cell["score"] for cell in ours] == [cell["score"] for cell in theirs]


def test_a_shard_alone_never_shows_a_green_gate(gated: Folder) -> None:
    """The gate of a shard is skipped, and says what judges it."""
    result = gated.run("--shard=1/3")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["1 gate skipped: shard 1/3: `hiddenlayer merge` joins all shards and judges the gates"]
    )
    (run,) = gated.runs()
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))[0]["gate"] == "skipped"


def test_each_test_and_sample_is_in_one_shard(gated: Folder) -> None:
    """Epochs of a sample stay together, and a test that is no eval runs in one shard only."""
    shards = shards_of(gated)
    samples = [{sample for sample, _ in records(gated.path / shard)} for shard in shards]
    assert sum(map(len, samples)) == len(set.union(*samples)) == N
    outputs = [gated.run(f"--shard={index}/3", "--collect-only", "-q").outlines for index in (1, 2, 3)]
    assert all(any("test_plain" in line for line in lines) for lines in outputs)  # collecting shows everything


def test_a_missing_shard_judges_nothing(gated: Folder) -> None:
    """Two of three shards are no run: no gate, exit status 1, and what is missing is said."""
    one, _, three = shards_of(gated)
    merged = gated.command("merge", one, three)
    assert merged.ret == 1
    merged.stderr.fnmatch_lines(["*shard 2 of 3 is missing, with * of 13 samples: no gate is judged*"])
    (run,) = gated.runs()
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))[0]["gate"] is None


def test_a_shard_given_twice_is_refused(gated: Folder) -> None:
    """The same part counts once: two runs of it are refused, and nothing is written."""
    one, two, three = shards_of(gated)
    merged = gated.command("merge", one, two, two, three)
    assert merged.ret == 4
    merged.stderr.fnmatch_lines(["*shard 2/3 was given twice: the same run; leave one out"])
    gated.run("--shard=2/3", "--hl-reports", "shards/again")
    (again,) = (gated.path / "shards" / "again" / "runs").glob("*")
    assert gated.command("merge", one, two, three, str(again)).ret == 4
    assert gated.runs() == []


def test_shards_of_other_samples_or_settings_are_refused(gated: Folder) -> None:
    """Parts that were cut from something else are named with the difference."""
    one, *_ = shards_of(gated)
    gated.run("--shard=2/2", "--hl-reports", "shards/half")
    (two,) = (gated.path / "shards" / "half" / "runs").glob("*")
    gated.command("merge", one, str(two)).stderr.fnmatch_lines(["*one run has 3 shards, the other 2*"])
    gated.run("--shard=2/3", "--hl-seed=7", "--hl-reports", "shards/seed")
    (seeded,) = (gated.path / "shards" / "seed" / "runs").glob("*")
    gated.command("merge", one, str(seeded)).stderr.fnmatch_lines(["*seed of sums* is 0 in one and 7 in the other*"])
    gated.run("--shard=2/3", "-k", "s1", "--hl-reports", "shards/some")
    (some,) = (gated.path / "shards" / "some" / "runs").glob("*")
    gated.command("merge", one, str(some)).stderr.fnmatch_lines(["*cut from different samples*"])


def test_answers_that_a_killed_shard_lacks_are_not_run(gated: Folder) -> None:
    """A shard that was killed is merged: what it lacks counts as not run, and the gate says so."""
    one, two, three = shards_of(gated)
    path = gated.path / two / "records.jsonl"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:1]), encoding="utf-8")
    merged = gated.command("merge", one, two, three)
    assert merged.ret == 1
    assert "shard 2/3 did not finish" in merged.stdout.str()


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "this run is no shard"), ('{"shard": {"index": "x"}}', "damaged"), ("{", "cannot be read")],
)
def test_a_damaged_or_whole_run_is_refused(gated: Folder, content: str, message: str) -> None:
    """A folder without a readable shard is one sentence."""
    one, *_ = shards_of(gated)
    (gated.path / one / "run.json").write_text(content, encoding="utf-8")
    merged = gated.command("merge", one)
    assert merged.ret == 4
    assert message in merged.stderr.str()


def test_snapshots_are_written_by_the_merge(gated: Folder) -> None:
    """A shard writes no baseline; the merged run does."""
    assert "hiddenlayer merge RUN... --snapshot-update" in gated.run("--shard=1/3", "--snapshot-update").stderr.str()
    gated.snapshot().unlink()
    assert gated.command("merge", *shards_of(gated), "--snapshot-update").ret == 0
    assert len(json.loads(gated.snapshot().read_text(encoding="utf-8"))["samples"]) == N


def test_the_ready_workflow_runs_and_merges(gated: Folder) -> None:
    """The commands of docs/ci/evals-shards.yml answer every part and judge the whole, as written."""
    jobs = yaml.safe_load((ROOT / "docs/ci/evals-shards.yml").read_text(encoding="utf-8"))["jobs"]
    steps = {step["name"]: step["run"] for job in jobs.values() for step in job["steps"] if "run" in step}
    numbers = jobs["shard"]["strategy"]["matrix"]["shard"]
    for number in numbers:
        answer = steps["Answer this part"].replace("${{ matrix.shard }}", str(number)).replace("mlx", SCRIPTED)
        assert gated.plain(*shlex.split(answer.replace("build/shard", f"build/shards/{number}"))[3:]).ret == 0
    merge = shlex.split(steps["Judge the whole run"].replace("--baseline HEAD^1", ""))
    shards = sorted(map(str, gated.path.glob("build/shards/*/runs/*")))
    assert len(shards) == len(numbers)
    assert gated.command("merge", *shards, *merge[3:]).ret == 0


@pytest.mark.parametrize("text", ["0/3", "4/3", "a/b"])
def test_a_wrong_shard_is_refused(gated: Folder, text: str) -> None:
    """A shard that does not exist is said before anything is asked."""
    result = gated.run(f"--shard={text}")
    assert result.ret == 4
    assert "write K/N, such as 2/8" in result.stderr.str()


def test_the_command_cuts_like_pytest(gated: Folder) -> None:
    """`hiddenlayer run --shard` answers what a shard answers, and merges too."""
    for index in (1, 2):
        args = ("--provider", "scripted:replies.json", f"--shard={index}/2", "--reports", f"parts/{index}")
        assert gated.command("run", *args).ret == 0
    shards = sorted(map(str, (gated.path / "parts").glob("*/runs/*")))
    assert gated.command("merge", *shards).ret == 0
    (joined,) = gated.runs()
    assert len(records(joined)) == 2 * N


def test_seconds_of_an_earlier_run_balance_the_shards(gated: Folder) -> None:
    """--shard-weights takes a run by id or folder, and refuses `last`, which differs by machine."""
    gated.run()
    (run,) = gated.runs()
    shards = run_shards(gated, f"--hl-shard-weights={run}")
    assert gated.command("merge", *shards).ret == 0
    assert "differs from machine to machine" in gated.run("--shard=1/3", "--hl-shard-weights=last").stderr.str()
    assert "add --hl-shard K/N" in gated.run("--hl-shard-weights", run.name).stderr.str()
