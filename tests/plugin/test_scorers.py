"""Every scorer of a task is first class: named, counted, averaged, shown, kept and compared."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder

RULES = {"rules": {"max_words": 3, "as": "short"}}
TWICE = ["exact", {"keyword": {"as": "first", "keywords": ["a0"]}}, {"keyword": {"as": "second", "keywords": ["a1"]}}]
FAILING = """
from pytest_hiddenlayer import ProviderError, Score, scorer


@scorer("fussy")
def fussy(output, sample):
    if sample.id == "s1":
        raise ProviderError("the judge is away")
    return Score(value=None, explanation="no opinion") if sample.id == "s2" else 0.5
"""


@pytest.fixture
def several(folder: Folder) -> Folder:
    """A folder whose task has three scorers, of which one appears twice."""
    folder.task(scorers=TWICE)
    folder.replies()
    return folder


@pytest.mark.parametrize("command", [False, True])
def test_the_table_and_the_summary_have_every_scorer(several: Folder, workers: list[str], command: bool) -> None:
    """Each scorer has n, mean, standard error and interval; the table has a row for each."""
    if command:
        out = several.command("run", "--provider", "scripted:replies.json").stdout.str()
    else:
        out = several.run(*workers).stdout.str()
    rows = [line.split() for line in out.splitlines() if line.split()[:1] and "/3" in line]
    assert [row[3:5] for row in rows[:1]] == [["exact", "3/3"]]
    assert [(row[0], row[1], row[2]) for row in rows[1:3]] == [("first", "3/3", "0.333"), ("second", "3/3", "0.333")]
    (cell,) = several.summary()
    assert list(cell["scorers"]) == ["exact", "first", "second"]
    second = cell["scorers"]["second"]
    assert (second["n"], round(second["score"], 3)) == (3, 0.333)
    assert second["ci95"][0] < 0.333 < second["ci95"][1]
    assert second["stderr"] > 0
    assert second["scorer"].startswith("keyword/")
    assert second["scorer"].endswith(" as second")


def test_a_task_with_one_scorer_has_no_column_for_it(sums: Folder) -> None:
    """With one scorer per task the table stays narrow."""
    header = next(line for line in sums.run().outlines if line.startswith("task "))
    assert "scorer" not in header.split()


@pytest.mark.parametrize(
    ("scorers", "message"),
    [
        (["exact", "exact"], "'exact' appears twice; keep one, or name its scores: `- exact: {as: NAME}`"),
        ([{"exact": {"as": "keyword"}}, "keyword"], "'keyword' appears twice"),
        ([{"exact": {"as": "a"}}, {"keyword": {"as": "a"}}], "'a' appears twice"),
        ([{"exact": {"as": ""}}], "as: '' is not a name for a score"),
        ([{"exact": {"as": "a b"}}], "as: 'a b' is not a name for a score"),
        ([{"exact": {"as": ["x"]}}], "as: a list is not a name for a score"),
        ([{"exact": {"as": "x" * 41}}], "is not a name for a score"),
    ],
)
def test_names_of_scores_are_unique_and_fit(folder: Folder, scorers: list[object], message: str) -> None:
    """A name that is taken or is no name is an error of the file that says what to write."""
    folder.task(scorers=scorers)
    folder.replies()
    result = folder.run()
    assert message in result.stdout.str()
    assert result.ret == 1


def test_the_gate_judges_the_first_scorer_and_says_so(several: Folder) -> None:
    """The gate's message names the scorer that is judged, and has the others' scores."""
    several.task(scorers=TWICE, threshold=1.1 - 0.1)
    several.replies(wrong=[2])
    out = several.run().stdout.str()
    assert "; exact is judged, the first scorer" in out
    assert "second, not judged: 0.333 ± 0.333 (n=3 scored of 3, 95 % interval 0.008 to 0.906)" in out


def test_snapshots_keep_every_scorer(several: Folder) -> None:
    """A snapshot has every scorer's estimate, and each sample's scores; a second run writes the same bytes."""
    several.run("--snapshot-update")
    text = several.snapshot().read_text(encoding="utf-8")
    found = json.loads(text)
    assert (found["scores"]["first"]["n"], found["scores"]["first"]["score"]) == (3, 0.333333)
    assert found["samples"]["s1"]["scores"] == {"first": 0.0, "second": 1.0}
    several.run("--snapshot-update")
    assert several.snapshot().read_text(encoding="utf-8") == text
    assert several.run("--hl-gate=require").ret == 0


def test_a_partial_update_averages_the_file(several: Folder) -> None:
    """The estimates of a snapshot are those of its lines, also of lines that were kept."""
    several.run("--snapshot-update")
    several.run("--snapshot-update", "-k", "s0")
    assert json.loads(several.snapshot().read_text(encoding="utf-8"))["scores"]["second"]["n"] == 3


@pytest.mark.parametrize("source", ["run", "snapshots"])
def test_compare_and_diff_show_every_scorer(several: Folder, source: str) -> None:
    """A scorer that both sides have is compared beside the first one, without a verdict."""
    several.run("--snapshot-update")
    (first,) = several.runs()
    several.replies(wrong=[1])
    several.run()
    (second,) = (run for run in several.runs() if run != first)
    old, new = "snapshots" if source == "snapshots" else first.name, second.name
    out = several.command("compare", old, new).stdout.str()
    assert "second: 0.333" in out
    assert "→ 0.000" in out
    assert "not judged, as it is not the first scorer" in out
    found = json.loads(several.command("compare", old, new, "--json").stdout.str())
    assert found["cells"][0]["other_scorers"]["second"]["difference"] == pytest.approx(-1 / 3)
    assert "score 1 → 0, first 0 → 0, second 1 → 0" in several.command("diff", old, new).stdout.str()


def test_show_has_every_score_with_its_explanation(several: Folder) -> None:
    """`show` has a row per scorer, and `show --sample` each score with its explanation."""
    several.task(scorers=["exact", RULES])
    several.replies(q1={"reply": "one two three four"})
    several.run()
    assert " short " in several.command("show", "last").stdout.str()
    out = several.command("show", "last", "--sample", "s1").stdout.str()
    assert "   exact 0" in out
    assert "   short 0: " in out


def test_the_file_of_pytest_html_has_every_scorer(several: Folder) -> None:
    """Its table of cells has a row per scorer, with its interval."""
    several.run("--html=r.html", "--self-contained-html")
    page = (several.path / "r.html").read_text(encoding="utf-8")
    assert "second" in page
    assert "0.008 to 0.906" in page


def test_a_later_scorer_without_a_score_does_not_lose_the_record(folder: Folder, workers: list[str]) -> None:
    """If a later scorer gives no score or its call fails, the answer keeps its outcome, and the run counts why."""
    folder.write("conftest.py", FAILING)
    folder.task(scorers=["exact", "fussy"])
    folder.replies()
    result = folder.run(*workers)
    result.assert_outcomes(passed=3, skipped=1)
    out = result.stdout.str()
    assert "fussy: 1 x no score: the judge is away" in out
    assert "fussy: 1 x no opinion" in out
    (cell,) = folder.summary()
    assert (cell["n"], cell["scorers"]["exact"]["n"], cell["scorers"]["fussy"]["n"]) == (3, 3, 1)
    again = folder.run("--resume", "last")
    assert "2 of 3 answers reused" in again.stdout.str()


def test_a_name_changes_no_hash(folder: Folder) -> None:
    """Naming the scores changes no answer and no score: the task's hash stays."""
    folder.replies()
    hashes = []
    for scorers in (["exact"], [{"exact": {"as": "right"}}]):
        folder.task(scorers=scorers)
        folder.run("--snapshot-update", "--hl-gate=off")
        hashes.append(json.loads(folder.snapshot().read_text(encoding="utf-8"))["task_hash"])
    assert hashes[0] == hashes[1]


def test_naming_the_only_scorer_keeps_its_baseline(sums: Folder) -> None:
    """The snapshot of an unnamed scorer is compared with the same scorer's named scores."""
    sums.run("--snapshot-update")
    sums.task(scorers=[{"exact": {"as": "right"}}])
    assert sums.run("--hl-gate=require").ret == 0
