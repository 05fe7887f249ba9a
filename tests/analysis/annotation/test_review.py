"""`hiddenlayer review`: failures are shown one by one, labelled, and counted by strategy."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint
from support.records import record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.results.log.run_log import RunLog

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"
CALLS = [
    {
        "role": "agent-1",
        "round": 0,
        "messages": [{"role": "user", "content": "first question"}],
        "completion": "draft",
    },
    {"role": "judge", "round": 1, "messages": [{"role": "user", "content": "decide"}], "completion": "the verdict"},
]


def log(run: str, name: str, value: float | None, label: str = "single", **changes: object) -> None:
    """Append one record to a run below the current folder."""
    key = f"{label}/{name}/{changes.get('epoch', 1)}"
    made = record(name, value, run_id=run, label=label, strategy=label.split(".")[0], **{"key": key, **changes})
    RunLog(Path.cwd(), run).append(made)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a run of two strategies: s0 to s2 wrong in `single`, s0 in `debate`, s3 right in both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for i in range(4):
        log(NEW, f"s{i}", float(i == 3), transcript=CALLS, output="the verdict", input=f"question {i}")
        log(NEW, f"s{i}", float(i > 0), "debate", transcript=CALLS, output="the verdict", input=f"question {i}")
    return tmp_path


@pytest.fixture
def review(here, monkeypatch, capsys):
    """`review(LINES, *ARGUMENTS)`: what the command prints when these lines are typed."""

    def typed(lines: str, *arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        assert main(["review", *arguments, "--reviewer", "ann"]) == status
        printed = capsys.readouterr()
        return printed.out + printed.err

    return typed


def reviews(run: str = NEW) -> list[dict[str, object]]:
    """The lines of a run's reviews."""
    return [json.loads(line) for line in Path("reports", "runs", run, "reviews.jsonl").read_text().splitlines()]


def test_every_wrong_answer_is_shown(review):
    """Enter steps through all wrong answers with prompt, expected and got; right ones are left out."""
    out = review("\n\n\n\n")
    assert "4 wrong answers" in out
    for place, name in (("[1/4]", "t::s0  single"), ("[3/4]", "t::s2  single"), ("[4/4]", "t::s0  debate")):
        assert f"{place} {name}@scripted:m" in out
    assert "question 2" in out
    assert "expected: a" in out
    assert "got: o" in out
    assert "s3" not in out
    assert "0 labelled now, 4 left" in out


def test_the_transcript_is_folded_to_its_last_call(review):
    """Only the last call is shown, until `a` asks for all with their messages."""
    folded = review("q\n")
    assert "call 2 of 2: judge, round 1" in folded
    assert "first question" not in folded
    whole = review("a\nq\n")
    assert "call 1 of 2: agent-1, round 0" in whole
    assert "first question" in whole


def test_a_long_text_is_folded(here, review):
    """A long output is folded after its beginning, with the number of hidden lines; `a` shows all."""
    log(OLD, "long", 0.0, output="\n".join(f"line {i}" for i in range(100)), transcript=[])
    assert "… 76 more lines" in review("q\n", OLD)
    assert "line 99" in review("a\nq\n", OLD)


def test_an_error_is_no_failure_to_review(here, review):
    """Errors are not reviewed; truncated answers are."""
    log(OLD, "broken", None, error="gone")
    log(OLD, "cut", None, outcome="truncated", error="cut off at max_tokens")
    out = review("q\n", OLD)
    assert "1 wrong answers" in out
    assert "wrong: truncated: cut off at max_tokens" in out


def test_draws_of_an_equal_budget_are_left_out(here, review):
    """Control samples are not reviewed."""
    log(NEW, "s0", 0.0, "single.control=debate")
    assert "4 wrong answers" in review("q\n")


def test_an_answer_is_on_disk_at_once(review):
    """A label is written to the run's folder with its note, reviewer and item."""
    review("off by one\ncarried wrongly\nq\n")
    last = reviews()[-1]
    assert (last["mode"], last["note"], last["reviewer"]) == ("off by one", "carried wrongly", "ann")
    assert (last["task"], last["sample_id"], last["player"]) == ("t", "s0", "single@scripted:m")
    assert last["schema"] == 1


def test_a_number_means_a_mode_used_before(review):
    """Modes are listed with numbers, the most frequent first, and a number chooses one."""
    out = review("slip\n\nmisread\n\n2\n\n1\n\n")
    assert "modes: 1 slip (1)  2 misread (1)" in out
    assert "modes: 1 misread (2)  2 slip (1)" in out
    assert [r["mode"] for r in reviews()] == ["slip", "misread", "misread", "misread"]


def test_a_number_that_is_not_in_the_list_asks_again(review):
    """A number outside the list asks again and labels nothing."""
    assert "there is no mode 7" in review("7\nslip\n\nq\n")
    assert [r["mode"] for r in reviews()] == ["slip"]


def test_a_mode_keeps_its_first_spelling(review):
    """A mode that differs in case or spaces only keeps its first spelling."""
    review("off by one\n\nOff  By one\n\nq\n")
    assert {r["mode"] for r in reviews()} == {"off by one"}


def test_back_leads_to_the_one_before(review):
    """`b` shows the previous item with its label, and a new label replaces it."""
    out = review("slip\n\nb\nmisread\n\nq\n")
    assert "labelled slip by ann" in out
    assert [(r["sample_id"], r["mode"]) for r in reviews()] == [("s0", "slip"), ("s0", "misread")]
    assert "misread    1  100%" in review("", "--counts")


def test_back_at_the_first_stays_there(review):
    """`b` at the first item shows it again."""
    assert review("b\nq\n").count("[1/4]") == 2


def test_a_label_can_be_taken_away(review):
    """`-` removes a label; the item is open again."""
    out = review("slip\n\nb\n-\nq\n")
    assert "0 labelled now, 4 left" in out
    assert "no label on 4 answers yet" in review("", "--counts")


def test_it_goes_on_where_it_stood(review):
    """Labelled items are not asked again without --again."""
    review("slip\n\nq\n")
    assert "[1/3] t::s1" in review("q\n")
    again = review("q\n", "--again")
    assert "[1/4] t::s0" in again
    assert "labelled slip by ann" in again


def test_the_end_of_input_keeps_what_was_said(review):
    """A pipe that ends after the mode, before the note, loses nothing."""
    assert "1 labelled now, 3 left" in review("slip")
    assert reviews()[-1]["mode"] == "slip"


def test_q_at_the_note_quits(review):
    """`q` at the note keeps the label without a note, and ends the session."""
    assert "1 labelled now, 3 left" in review("slip\nq\nother\n\n")
    assert [(one["mode"], one["note"]) for one in reviews()] == [("slip", "")]


def test_everything_labelled(review):
    """If all items are labelled, the command says so and asks nothing."""
    review("slip\n\n" * 4)
    assert "4 wrong answers, 4 labelled already" in review("")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--strategy", "debat"], "--strategy 'debat': nothing to review"),
        (["--task", "u"], "--task 'u': nothing to review"),
        (["--mode", "slip"], "--mode 'slip': no item has this label"),
        (["nope"], "no run 'nope'"),
        (["--against", "nope"], "no run 'nope' under"),
    ],
)
def test_what_cannot_be_meant_is_told(review, arguments, said):
    """An unknown name exits with 4 and lists what is available."""
    assert said in review("", *arguments, status=4)


@pytest.mark.parametrize("wanted", ["debate", "debate@scripted:m"])
def test_a_strategy_is_chosen(review, wanted):
    """--strategy accepts a name, a label or a player."""
    assert "1 wrong answers" in review("q\n", "--strategy", wanted)


def test_a_mode_is_chosen(review):
    """--mode shows only the items with that label."""
    review("slip\n\nmisread\n\nslip\n\nq\n")
    out = review("\n\n", "--mode", "slip")
    assert "[1/2] t::s0" in out
    assert "[2/2] t::s2" in out


def test_a_bad_line_is_told(here, review):
    """A malformed line is an error with file and line."""
    review("slip\n\nq\n")
    path = here / "reports" / "runs" / NEW / "reviews.jsonl"
    path.write_text('{"mode": 3}\n' + path.read_text())
    assert "reviews.jsonl:1: not a review" in review("", status=4)


@pytest.fixture
def flipped(here):
    """An older run in which s0 of `single` was right and s3 wrong."""
    for i in range(4):
        log(OLD, f"s{i}", float(i == 0), answer=f"old {i}")
    return here


def test_flips_are_walked_through(flipped, review):
    """--against shows what turned wrong or right, with the answer before."""
    out = review("\n\n", NEW, "--against", OLD)
    assert "2 flipped answers" in out
    assert "newly wrong: incorrect, score 0" in out
    assert "newly right: correct, score 1" in out
    assert f"before, run {OLD} single@scripted:m: old 0" in out


def test_flips_against_another_strategy(here, review):
    """A run can be compared with another strategy of itself."""
    out = review("\n\n", NEW, "--against", f"{NEW}#single", "--strategy", "debate")
    assert "2 flipped answers" in out
    assert "[1/2] t::s1  debate@scripted:m" in out


def test_no_flip(flipped, review):
    """Without a flip the command says so and asks nothing."""
    assert "0 flipped answers" in review("", OLD, "--against", OLD)


def test_counts_are_by_strategy(review):
    """Counts are per strategy, each share with its exact interval."""
    review("slip\n\nmisread\n\nslip\n\nslip\n\n")
    out = review("", "--counts")
    assert "3 of 3 labelled" in out
    low, high = proportion_confint(2, 3, method="beta")
    assert f"2   67% ({low:.0%} to {high:.0%})" in out
    low, high = proportion_confint(0, 1, method="beta")
    assert f"0    0% ({low:.0%} to {high:.0%})" in out


def test_labels_and_counts_are_printed_as_json(review):
    """--json prints each label with its sample; with --counts the count of each mode by strategy."""
    review("slip\n\nmisread\n\nq\n")
    labels = json.loads(review("", "--json"))
    assert [(label["sample_id"], label["mode"]) for label in labels] == [
        (r["sample_id"], r["mode"]) for r in reviews()
    ]
    counts = json.loads(review("", "--json", "--counts"))
    assert sum(count["n"] for count in counts) == 2
    assert all(count["share"] == count["n"] / count["of"] for count in counts)


def test_no_label_is_an_empty_list_in_json(review):
    """Before the first label --json prints an empty list, with --counts too."""
    assert json.loads(review("", "--json")) == json.loads(review("", "--json", "--counts")) == []


def test_a_share_is_of_what_was_labelled(review):
    """Unlabelled items are counted, but are in no share."""
    review("slip\n\nq\n")
    out = review("", "--counts")
    assert "1 of 3 labelled" in out
    assert "0 of 1 labelled" in out
    assert "1  100%" in out
    assert out.splitlines()[2].split()[-1] == "-"


def test_two_models_stand_apart(here, review):
    """With two models the columns are players."""
    log(NEW, "s0", 0.0, slug="other", model="other", key="another")
    review("slip\n\n" * 5)
    assert "single@scripted:other" in review("", "--counts")


def test_counts_are_filtered(review):
    """--counts --strategy counts that one only."""
    review("slip\n\n" * 4)
    out = review("", "--counts", "--strategy", "debate")
    assert "1 of 1 labelled" in out
    assert "single" not in out


def test_export_is_csv(here, review):
    """The labelled items with expected, answer, mode and note, readable by any spreadsheet."""
    review('slip\nwith "quotes", and commas\nq\n')
    (row,) = csv.DictReader(io.StringIO(review("", "--export")))
    assert row["sample_id"] == "s0"
    assert (row["expected"], row["answer"], row["mode"]) == ("a", "o", "slip")
    assert row["note"] == 'with "quotes", and commas'


@pytest.mark.parametrize(
    ("answer", "shown"), [("=1+1", "'=1+1"), ("-5", "-5"), ("-5+A1", "'-5+A1"), ("+1.5", "+1.5")]
)
def test_no_answer_becomes_a_formula(here, review, answer, shown):
    """An answer that a spreadsheet would run is quoted; a negative number is not."""
    log(OLD, "s0", 0.0, answer=answer)
    review("slip\n\n", OLD)
    (row,) = csv.DictReader(io.StringIO(review("", OLD, "--export")))
    assert row["answer"] == shown


def test_no_control_character_is_emitted(here, review):
    """An escape sequence in any field of a record is shown, not sent."""
    evil = "\x1b]0;x\x07"
    calls = [{"role": evil, "round": 0, "messages": [{"role": evil, "content": evil}], "completion": evil}]
    places = dict.fromkeys(("input", "target", "answer", "output", "error"), evil)
    scores = {"exact": {"value": 0.0, "answer": evil, "explanation": evil}}
    log(OLD, "s0", 0.0, transcript=calls, scores=scores, **places)
    out = review(f"a\n{evil}\n{evil}\n", OLD) + review("q\n", OLD, "--again") + review("", OLD, "--counts")
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\\x1b]0;x\\x07" in out


def test_ctrl_c_keeps_what_was_said(here):
    """In a real terminal Ctrl-C ends the session with status 2, and earlier labels are kept."""
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "review", "--reviewer", "ann"]
    started = subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, start_new_session=True)
    os.close(secondary)
    try:
        seen = _until(primary, b"mode: ")
        os.write(primary, b"slip\r")
        seen += _until(primary, b"note (Enter for none, q quits): ")
        os.write(primary, b"\r")
        seen += _until(primary, b"[2/4]")
        started.send_signal(signal.SIGINT)
        seen += _until(primary, b"3 left")
        assert started.wait(timeout=300) == 2
    finally:
        started.kill()
        os.close(primary)
    assert b"Traceback" not in seen
    assert reviews()[-1]["mode"] == "slip"


def _until(terminal: int, wanted: bytes, seconds: float = 300) -> bytes:
    """What the terminal shows until `wanted` appears."""
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        assert select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0], seen
        seen += os.read(terminal, 4096)
    return seen
