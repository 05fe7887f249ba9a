"""`hiddenlayer label`: which questions are asked, and which labels are written."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.analysis.annotation.answer_pairs import pair_answers
from pytest_hiddenlayer.analysis.annotation.labels import read_labels
from pytest_hiddenlayer.analysis.annotation.questions import pair_questions
from pytest_hiddenlayer.analysis.answers import read_answers
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.log.run_log import RunLog

ONE, TWO = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"
LABELS = Path("reports", "labels.jsonl")
SINGLE, DEBATE, OTHER = "single@scripted:m", "debate@scripted:m", "vote@scripted:m"


def log(run: str, label: str, output: str, name: str = "s0", **changes: object) -> None:
    """Append one answer to a run below the current folder."""
    key = f"{label}/{name}/{changes.get('epoch', 1)}/{changes.get('task', 't')}"
    made = {"run_id": run, "label": label, "strategy": label, "output": output, "key": key, **changes}
    RunLog(Path.cwd(), run).append(record(name, 1.0, **made))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a run of two strategies that answer ten samples."""
    monkeypatch.chdir(tmp_path)
    for i in range(10):
        log(ONE, "single", f"short {i}.", f"s{i}", input=f"question {i}")
        log(ONE, "debate", f"long {i}.", f"s{i}", input=f"question {i}")
    return tmp_path


@pytest.fixture
def label(here, monkeypatch, capsys):
    """`label(LINES, *ARGUMENTS)`: what the command prints when these lines are typed."""

    def typed(lines: str, *arguments: str, status: int = 0, rater: str = "ann") -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        assert main(["label", *arguments, "--rater", rater]) == status
        printed = capsys.readouterr()
        return printed.out + printed.err

    return typed


def test_two_players_of_a_run_are_compared(label):
    """Every sample that both answered is one question, and no name of theirs is shown."""
    out = label("s\n" * 10)
    assert "10 questions to ann" in out
    assert out.count("Which answer is better?") == 10
    assert not any(name in out for name in ("single", "debate", "scripted", ONE))


def test_both_answers_are_shown_in_random_order(here):
    """About half of the questions show the one player first; `shown` says which."""
    asked = pair_questions(pair_answers(read_answers(here / "reports/runs" / ONE), None), rater="ann")
    turned = [question.shown == "ba" for question in asked]
    assert 1 < sum(turned) < 9
    for question in asked:
        first = question.a if question.shown == "ab" else question.b
        assert question.texts[0] == first.output


def test_raters_see_the_same_questions_in_another_order_of_answers(here):
    """With --n two raters answer the same samples; which answer comes first differs between them."""
    saved = pair_answers(read_answers(here / "reports/runs" / ONE), None)
    ann, bob = (pair_questions(saved, rater=name) for name in ("ann", "bob"))
    assert [q.a.sample for q in ann] == [q.a.sample for q in bob]
    assert [q.shown for q in ann] != [q.shown for q in bob]
    assert [q.shown for q in ann] == [q.shown for q in pair_questions(saved, rater="ann")]


def test_another_seed_is_another_order(here):
    """--seed decides the order of questions and of answers."""
    saved = pair_answers(read_answers(here / "reports/runs" / ONE), None)
    one, two = (pair_questions(saved, rater="ann", seed=seed) for seed in (0, 1))
    assert [q.a.sample for q in one] != [q.a.sample for q in two]


def test_equal_answers_are_no_question(here, label):
    """Two answers with the same text make no question; they are counted."""
    log(ONE, "single", "same", "s10")
    log(ONE, "debate", "same\n", "s10")
    out = label("q\n")
    assert "1 pairs of equal answers are left out" in out
    assert "10 questions" in out


def test_what_is_no_whole_answer_is_no_question(here, label):
    """Empty, cut off and failed answers are left out, and the sample is counted."""
    for name, outcome in (("s10", "truncated"), ("s11", "empty"), ("s12", "error")):
        log(ONE, "single", "" if outcome == "empty" else "x", name, outcome=outcome)
        log(ONE, "debate", "y", name)
    out = label("q\n")
    assert "3 samples have a complete answer of one player only" in out
    assert "10 questions" in out


def test_another_prompt_is_no_question(here, label):
    """Two runs whose prompt differs are not compared on that sample."""
    log(TWO, "vote", "new 0", "s0", sample_hash="another")
    log(TWO, "vote", "new 1", "s1")
    out = label("q\n", ONE, TWO, "--players", SINGLE, OTHER)
    assert "1 pairs with another prompt or target in the other run are left out" in out
    assert "1 questions to ann" in out


def test_the_first_whole_epoch_is_asked(here, label):
    """Of several epochs the first complete answer is shown."""
    log(TWO, "vote", "cut", outcome="truncated")
    log(TWO, "vote", "whole", epoch=2)
    log(TWO, "vote", "later", epoch=3)
    out = label("q\n", TWO, "--kind", "rating")
    assert "│ whole" in out
    assert "later" not in out
    assert "1 questions" in out


def test_two_runs_are_compared(here, label):
    """One answer of each run, though the player has the same name in both."""
    for i in range(3):
        log(TWO, "single", f"newer {i}.", f"s{i}")
    label("1\n" * 3, ONE, TWO, "--players", SINGLE, SINGLE)
    saved = read_labels(LABELS)
    assert {(item.run_a, item.run_b) for item in saved} == {(ONE, TWO)}
    assert {(item.a, item.b) for item in saved} == {(SINGLE, SINGLE)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--players", SINGLE], "pairwise labels compare two players; name two"),
        (["--players", SINGLE, "debat@scripted:m"], f"no answers of 'debat@scripted:m', did you mean '{DEBATE}'?"),
        (["--scale", "1-5"], "--scale is for ratings: add --kind rating"),
        (["--task", "u"], "--task 'u': no such task"),
        ([ONE, ONE], "are the same run"),
        (["--rater", " "], "--rater: a name is needed"),
    ],
)
def test_what_cannot_be_meant_is_told(here, capsys, arguments, said):
    """A wrong option exits with 4 and says what to write instead."""
    assert main(["label", *arguments]) == 4
    assert said in capsys.readouterr().err


def test_three_players_must_be_chosen_from(here, label):
    """With three players the error lists them; with --players two of them are compared."""
    log(ONE, "vote", "third", "s0")
    out = label("", status=4)
    assert f"task 't' has 3 players: choose two: --players A B, of {DEBATE}, {SINGLE}, {OTHER}" in out
    assert "1 questions to ann" in label("q\n", "--players", OTHER, SINGLE)


def test_two_runs_of_several_players_must_be_chosen_from(here, label):
    """If the choice of players is ambiguous, the error lists them."""
    log(TWO, "vote", "new", "s0")
    assert "has 2 players in the first run and 1 in the second" in label("", ONE, TWO, status=4)


def test_one_player_has_nobody_to_be_compared_with(here, label):
    """A run of one player needs a second one, or a second run."""
    log(TWO, "vote", "new", "s0")
    assert f"two players of one task are needed, this run has {OTHER}" in label("", TWO, status=4)


def test_nothing_in_common(here, label):
    """Two players without a common sample are an error."""
    log(ONE, "vote", "third", "s99")
    assert "no sample was answered by both" in label("", "--players", OTHER, SINGLE, status=4)


@pytest.mark.parametrize("scale", ["5-1", "1", "a-b", "1-1", "0-1000"])
def test_a_wrong_scale_is_a_usage_error(here, capsys, scale):
    """A scale is two whole numbers, the worse one first."""
    with pytest.raises(SystemExit) as stopped:
        main(["label", "--kind", "rating", "--scale", scale])
    assert stopped.value.code == 4
    capsys.readouterr()


def test_the_winner_is_who_was_better_not_where(label):
    """Whoever chose the short answer each time has chosen `single` each time, whatever stood first."""
    out = label("s\n" * 10)
    said = []
    for part in out.split("Which answer is better?")[:-1]:
        first = part.split("answer 1\n  │ ")[1]
        said.append("1" if first.startswith("short") else "2")
    label("\n".join(said) + "\n")
    saved = read_labels(LABELS)
    assert len(saved) == 10
    assert {item.winner and getattr(item, item.winner) for item in saved} == {SINGLE}
    assert {item.shown for item in saved} == {"ab", "ba"}


def test_a_label_points_to_the_records(label):
    """A label holds the runs, the record keys, the rater and the note."""
    label("t both are wrong\nq\n")
    (saved,) = read_labels(LABELS)
    assert (saved.winner, saved.note, saved.rater) == ("tie", "both are wrong", "ann")
    assert {saved.key_a, saved.key_b} == {f"{name}/{saved.sample_id}/1/t" for name in ("single", "debate")}
    assert (saved.run_a, saved.run_b) == (ONE, ONE)


def test_ratings(label):
    """Each answer is rated by itself on the scale; both players' answers come."""
    label("5 fine\n" * 20, "--kind", "rating", "--scale", "0-10")
    saved = read_labels(LABELS)
    assert len(saved) == 20
    assert {item.a for item in saved} == {SINGLE, DEBATE}
    assert {(item.rating, item.scale, item.note) for item in saved} == {(5.0, (0, 10), "fine")}


def test_ratings_of_one_player(label):
    """--players chooses whose answers are rated."""
    assert "10 questions" in label("q\n", "--kind", "rating", "--players", SINGLE)


@pytest.mark.parametrize("wrong", ["6", "0", "3.5", "x", "tie", ""])
def test_what_is_off_the_scale_asks_again(label, wrong):
    """Only a whole number of the scale is accepted."""
    out = label(f"{wrong}\n4\nq\n", "--kind", "rating")
    assert out.count("1 to 5; s skips") == 2
    assert [saved.rating for saved in read_labels(LABELS)] == [4]


@pytest.mark.parametrize("wrong", ["3", "0", "a", "better", ""])
def test_what_is_no_answer_asks_again(label, wrong):
    """Only 1, 2 and t are accepted."""
    label(f"{wrong}\n1\nq\n")
    assert len(read_labels(LABELS)) == 1


def test_it_goes_on_where_it_stood(label):
    """A second session asks the unanswered and skipped questions; another rater gets all of them."""
    assert "2 answered now, 8 left" in label("1\ns\n2\nq\n")
    again = label("q\n")
    assert "10 questions to ann, 2 answered before" in again
    assert "[3/10]" in again
    assert "10 questions to bob\n" in label("q\n", rater="bob")


def test_n_is_of_all_questions(label):
    """--n 3 asks the same three questions in every session."""
    label("1\n1\nq\n", "--n", "3")
    assert "3 questions to ann, 2 answered before" in label("1\n", "--n", "3")
    assert "0 answered now, 0 left" in label("", "--n", "3")


def test_back_replaces_the_answer(label):
    """`b` asks the last question again; the later answer counts."""
    out = label("1\nb\nt\nq\n")
    assert "you answered 1" in out
    (saved,) = read_labels(LABELS)
    assert saved.winner == "tie"
    assert len(LABELS.read_text().splitlines()) == 2


def test_the_end_of_input_keeps_what_was_said(label):
    """A pipe that ends leaves its answers on disk."""
    assert "2 answered now, 8 left" in label("1\n2\n")


def test_out_names_the_file(here, label):
    """--out names the file of the labels."""
    label("1\nq\n", "--out", "mine/labels.jsonl")
    assert len(read_labels(here / "mine" / "labels.jsonl")) == 1
    assert not LABELS.exists()


def test_a_file_of_other_things_is_refused(here, label):
    """Labels are not appended to a file that holds something else."""
    path = here / "other.jsonl"
    path.write_text('{"a": 1}\n{"b": 2}\n')
    assert "other.jsonl:1: not a label" in label("1\n", "--out", "other.jsonl", status=4)
    assert path.read_text() == '{"a": 1}\n{"b": 2}\n'


def test_no_control_character_is_emitted(here, label):
    """Control characters in a model's text are escaped."""
    log(TWO, "vote", "\x1b[2Jgone\x07", input="\x1b[31m?")
    out = label("q\n", TWO, "--kind", "rating")
    assert "\x1b" not in out
    assert "\\x1b[2Jgone\\x07" in out


def test_labels_are_read_by_line(label):
    """The file is plain JSON lines that other tools read."""
    label("1\n2\nt\nq\n")
    kinds = [json.loads(line)["kind"] for line in LABELS.read_text().splitlines()]
    assert kinds == ["pairwise"] * 3


def test_an_unknown_task_of_the_second_run_names_it(here):
    """--task must be there in both runs."""
    log(TWO, "vote", "x", task="u")
    with pytest.raises(UsageError, match=f"no such task in {TWO}"):
        read_answers(here / "reports/runs" / TWO, ["t"])
