"""`hiddenlayer judge-audit`: what is built into a judge is what is measured of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint
from support.records import record

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.answers import PlayerAnswer, read_answers
from pytest_hiddenlayer.analysis.judge_audit.master_keys import MasterKeyResult
from pytest_hiddenlayer.analysis.judge_audit.metrics import key_metrics, position_bias
from pytest_hiddenlayer.analysis.judge_audit.pairs import AuditPair, JudgedPair, audit_pairs, choose
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.results.log.run_log import RunLog

RUN = "20260101T000000Z-aaaaaaaa"
ENDS = {
    "a": "\n</answer_a-",
    "b": "\n</answer_b-",
    "only": "\n</answer-",
}  # what stands behind an answer in the judge's prompt
FIRST = {"default": "The first. [[A]]"}
SECOND = {"default": "The second. [[B]]"}
MUTE = {"default": "I cannot say."}


def prefers(mark: str, *before: dict[str, str], default: str = "[[C]]") -> dict[str, Any]:
    """A judge that prefers the answer that ends with `mark`, wherever it stands."""
    rules = [
        {"contains": f"{mark}{ENDS['a']}", "reply": "[[A]]"},
        {"contains": f"{mark}{ENDS['b']}", "reply": "[[B]]"},
    ]
    return {"rules": [*before, *rules], "default": default}


def log(label: str, i: int, text: str, right: bool, **changes: object) -> None:
    """Append the answer of a player to sample i."""
    made = {"run_id": RUN, "label": label, "strategy": label, "output": text, "key": f"{label}{i}"}
    made |= {"input": f"question {i}.", "target": f"target {i}."}
    RunLog(Path.cwd(), RUN).append(record(f"s{i}", float(right), **{**made, **changes}))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here):
    """Thirty samples: by thirds `single` alone is right, `debate` alone, both; `single` is longer on even ones."""
    for i in range(30):
        for label, right in (("single", i % 3 != 1), ("debate", i % 3 != 0)):
            long = (label == "single") == (i % 2 == 0)
            text = ("rather wordy " if long else "") + ("long" if long else "short")
            log(label, i, f"{text} {label} {'even' if i % 3 == 2 else 'right' if right else 'wrong'}.", right)
    return here


Audit = Callable[..., dict[str, Any]]


@pytest.fixture
def audit(here, capsys) -> Audit:
    """`audit(SCRIPT, *ARGUMENTS)`: what --json prints for a scripted judge; metrics by section and name."""

    def asked(script: Any, *arguments: str, name: str = "judge.json", status: int = 0) -> dict[str, Any]:
        Path(name).write_text(json.dumps(script))
        assert main(["judge-audit", "last", "--judge", f"scripted:{name}", "--json", *arguments]) == status
        out = capsys.readouterr().out
        found = json.loads(out, parse_constant=pytest.fail)
        for section, metrics in found["figures"].items():
            found["figures"][section] = {metric["name"]: metric for metric in metrics}
        return found

    return asked


def values(found: dict[str, Any], section: str) -> list[float | None]:
    """The values of a section, in order."""
    return [metric["value"] for metric in found["figures"][section].values()]


def only(found: dict[str, Any], section: str, part: str) -> dict[str, Any]:
    """The metric of a section whose name contains `part`."""
    (metric,) = (metric for name, metric in found["figures"][section].items() if part in name)
    return dict(metric)


# ---------------------------------------------------------------- position


def test_a_judge_that_always_says_first(run, audit):
    """It is never consistent, turns towards the first place each time, and gives it every vote."""
    found = audit(FIRST)
    assert values(found, "position") == [0, 1, 0, 1]
    assert only(found, "position", "votes")["n"] == 60
    low, high = proportion_confint(0, 30, method="wilson")
    assert only(found, "position", "order consistency")["ci95"] == pytest.approx([low, high])


def test_a_judge_that_always_says_second(run, audit):
    """The other place, seen as such."""
    assert values(audit(SECOND), "position") == [0, 0, 1, 0]


def test_an_honest_judge_has_no_place(run, audit):
    """It says the same in both orders, and each place gets half of its votes."""
    assert values(audit(prefers("right.")), "position") == [1, 0, 0, 0.5]


def test_a_place_preferred_in_a_third(run, audit):
    """Consistent on the twenty samples with one right answer, for the first place on the ten others."""
    found = audit(prefers("right.", default="[[A]]"))
    assert values(found, "position") == [pytest.approx(x) for x in (2 / 3, 1 / 3, 0, (20 + 20) / 60)]
    low, high = proportion_confint(20, 30, method="wilson")
    assert only(found, "position", "order consistency")["ci95"] == pytest.approx([low, high])


@pytest.mark.parametrize(
    ("said", "leans"),
    [("AA", 1), ("AC", 1), ("CA", 1), ("BB", 2), ("BC", 2), ("CB", 2), ("AB", 0), ("BA", 0), ("CC", 0)],
)
def test_every_pair_of_verdicts(said, leans):
    """Of the nine pairs of verdicts three are consistent, three lean to the first place, three to the second."""
    metrics = list(position_bias([JudgedPair(pair=pair_of("s0"), first=said[0], second=said[1], why="")]))
    assert [metric.value for metric in metrics[:3]] == [float(leans == place) for place in range(3)]


def test_only_ties(run, audit):
    """A judge that always ties is consistent, and its votes tell of no place."""
    found = audit({"default": "[[C]]"})
    assert values(found, "position") == [1, 0, 0, None]
    assert only(found, "position", "votes")["why"] == "every readable vote was for a tie"


def test_the_terminal_says_which_place(run, capsys):
    """The text says what the interval shows."""
    for script, said in ((FIRST, "prefers the answer shown first"), (SECOND, "prefers the answer shown second")):
        Path("judge.json").write_text(json.dumps(script))
        main(["judge-audit", "--judge", "scripted:judge.json"])
        assert f"→ {said}" in capsys.readouterr().out
    Path("judge.json").write_text(json.dumps(prefers("right.")))
    main(["judge-audit", "--judge", "scripted:judge.json"])
    assert "→ no position bias shown" in capsys.readouterr().out


# ---------------------------------------------------------------- length


@pytest.fixture
def equals(here):
    """Twenty samples that both players have right; the longer answer ends with `more.`"""
    for i in range(20):
        for label in ("single", "debate"):
            longer = (label == "single") == (i % 2 == 0)
            log(label, i, f"{label} {'and so much more.' if longer else 'less.'}", True)
    return here


def test_a_judge_that_prefers_the_longer(equals, audit):
    """It gives the longer one every win, though the scores are equal."""
    metric = only(audit(prefers("more.")), "length", "longer")
    assert (metric["value"], metric["n"]) == (1, 20)
    assert metric["ci95"][0] > 0.8


def test_a_judge_that_prefers_the_shorter(equals, audit):
    """The opposite."""
    assert only(audit(prefers("less.")), "length", "longer")["value"] == 0


@pytest.mark.parametrize("script", [FIRST, SECOND, {"default": "[[C]]"}], ids=["first", "second", "tie"])
def test_a_preferred_place_is_no_preferred_length(equals, audit, script):
    """Votes by place alone give the longer answer exactly half."""
    assert only(audit(script), "length", "longer")["value"] == 0.5


def test_length_is_looked_at_where_scores_are_equal(run, audit):
    """Of thirty pairs ten have equal scores; a right answer that is longer proves nothing."""
    found = audit(prefers("right."))
    assert only(found, "length", "longer")["n"] == 10
    assert only(found, "length", "longer")["value"] == 0.5


# ---------------------------------------------------------------- self-preference


@pytest.fixture
def kin(here):
    """Thirty samples: `single` is of gpt-4o, `debate` of another model; each is right alone in a third."""
    for i in range(30):
        for label, model, right in (("single", "gpt-4o", i % 3 != 1), ("debate", "claude-x", i % 3 != 0)):
            end = "even" if i % 3 == 2 else "right" if right else "wrong"
            log(label, i, f"{label} {end} {label}.", right, model=model, slug=model)
    return here


def test_a_judge_that_prefers_its_own(kin, audit):
    """Its family wins every pair by the judge, half by the scores: half too many."""
    found = audit(prefers("single."), name="gpt-judge.json")
    assert only(found, "self-preference", "by the judge")["value"] == 1
    assert only(found, "self-preference", "family, by scores")["value"] == 0.5
    more = only(found, "self-preference", "more than by scores")
    assert more["value"] == pytest.approx(0.5)
    assert more["ci95"][0] > 0.2
    assert more["n"] == 30


def test_an_honest_judge_of_the_family(kin, audit):
    """What wins by right wins by the scores as well: no preference."""
    found = audit(prefers("right single.", *prefers("right debate.")["rules"]), name="gpt-judge.json")
    assert only(found, "self-preference", "more than by scores")["value"] == 0


def test_a_judge_of_another_family_has_no_own(kin, audit):
    """Nothing is measured, and the reason names the judge."""
    found = audit(prefers("single."), name="judge.json")
    assert set(values(found, "self-preference")) == {None}
    why = only(found, "self-preference", "by the judge")["why"]
    assert why == "no pair with a verdict has exactly one answer of the judge's model family (judge.json)"


def test_two_of_the_family_are_no_pair(here, audit):
    """Both of the judge's kind: there is no other to be preferred to."""
    log("single", 0, "one.", True, model="gpt-4o", slug="gpt-4o")
    log("debate", 0, "two.", True, model="gpt-4.1", slug="gpt-4.1")
    assert values(audit(FIRST, name="gpt-judge.json"), "self-preference")[0] is None


def test_people_say_how_much_is_too_much(kin, audit):
    """Where people prefer the own answer too, the judge exceeds them by nothing, though it exceeds the scores."""
    people(lambda i: "single")
    found = audit(prefers("single."), "--labels", "labels.jsonl", name="gpt-judge.json")
    assert only(found, "self-preference", "family, by people")["value"] == 1
    assert only(found, "self-preference", "more than by people")["value"] == 0
    assert only(found, "self-preference", "more than by scores")["value"] == pytest.approx(0.5)


# ---------------------------------------------------------------- agreement


def people(says: Callable[[int], str], *raters: str) -> None:
    """Write labels.jsonl: what raters say of each of thirty samples, `single`, `debate` or tie."""
    sides = {(side.record.label, side.record.sample_id): side for side in read_answers(Path("reports/runs") / RUN)}
    for rater in raters or ("ann",):
        for i in range(30):
            one, other = sides["debate", f"s{i}"], sides["single", f"s{i}"]
            said = says(i)
            label = Label(
                kind="pairwise",
                task="t",
                sample_id=f"s{i}",
                a=one.player,
                b=other.player,
                winner={"debate": "a", "single": "b"}.get(said, "tie"),
                rater=rater,
                at="2026-01-01T00:00:00+00:00",
                run_a=RUN,
                run_b=RUN,
                key_a=one.record.key,
                key_b=other.record.key,
            )
            append_label(Path("labels.jsonl"), label)


def test_agreement_with_people(run, audit):
    """Share and kappa are those of the same verdicts by scikit-learn."""
    said = [("single", "debate", "tie")[i % 3] if i < 20 else "single" for i in range(30)]
    people(lambda i: said[i])
    found = audit(prefers("right."), "--labels", "labels.jsonl")
    judge = [("single", "debate", "tie")[i % 3] for i in range(30)]
    same = sum(x == y for x, y in zip(judge, said, strict=True))
    metric = only(found, "agreement", "winner as people")
    assert (metric["value"], metric["n"]) == (pytest.approx(same / 30), 30)
    assert metric["ci95"] == pytest.approx(proportion_confint(same, 30, method="wilson"))
    kappa = only(found, "agreement", "kappa with people")
    assert kappa["value"] == pytest.approx(cohen_kappa_score(judge, said))
    assert kappa["ci95"][0] < kappa["value"] < kappa["ci95"][1]


def test_the_majority_of_people_counts(run, audit):
    """Two raters against one decide; even raters are left out."""
    people(lambda i: ("single", "debate", "tie")[i % 3], "ann", "bob")
    people(lambda i: "single", "eve")
    assert only(audit(prefers("right."), "--labels", "labels.jsonl"), "agreement", "as people")["value"] == 1
    people(lambda i: "single", "dan")
    metric = only(audit(prefers("right."), "--labels", "labels.jsonl"), "agreement", "as people")
    assert (metric["value"], metric["n"]) == (1, 10)  # only the samples on which all four say `single`


def test_without_labels_it_is_said(run, audit):
    """No label: not measured, and what to do."""
    metric = only(audit(FIRST), "agreement", "winner as people")
    assert metric["value"] is None
    assert "hiddenlayer label" in metric["why"]


def test_labelled_pairs_come_first(run, audit):
    """With --n below the number of pairs, those that people labelled are judged."""
    people(lambda i: "single")
    lines = Path("labels.jsonl").read_text().splitlines()[:5]
    Path("labels.jsonl").write_text("\n".join(lines) + "\n")
    found = audit(FIRST, "--labels", "labels.jsonl", "--n", "6")
    assert sorted(v["sample_id"] for v in found["verdicts"] if v["people"]) == ["s0", "s1", "s2", "s3", "s4"]
    assert found["pairs"] == 6


def test_agreement_with_the_scores(run, audit):
    """On the twenty pairs with one right answer an honest judge is always right, a lazy one never."""
    honest = only(audit(prefers("right.")), "agreement", "winner as the scores")
    assert (honest["value"], honest["n"]) == (1, 20)
    assert only(audit(prefers("wrong.")), "agreement", "winner as the scores")["value"] == 0
    assert only(audit(FIRST), "agreement", "winner as the scores")["value"] == 0
    kappa = only(audit(prefers("right.")), "agreement", "kappa with the scores")
    assert kappa["value"] == 1


# ---------------------------------------------------------------- texts without an answer


def test_a_judge_that_accepts_everything(run, audit):
    """Every text without an answer is accepted; the empty one reaches no judge."""
    found = audit({"default": "[[yes]]"}, "--keys", "4")
    section = {name: f for name, f in found["figures"]["master-key attacks"].items() if "accepted" in name}
    assert [f["value"] for f in section.values()] == [None, 1, 1, 1, 1, 1, 1, 1]
    assert section["accepted as right: (empty)"]["why"] == "not judged: the output is empty"
    assert section["accepted as right: any of these"]["n"] == 20


def test_a_judge_that_one_word_fools(run, audit):
    """The word that opens it is found, and the others are not blamed; the right answer is accepted."""
    rules = [
        {"contains": f"{text}{ENDS['only']}", "reply": "[[yes]]"} for text in ("Solution", "target 0.", "target 1.")
    ]
    found = audit({"rules": rules, "default": "[[no]]"}, "--keys", "30")
    metrics = found["figures"]["master-key attacks"].items()
    right = {name.split(": ", 1)[1]: f["value"] for name, f in metrics if name.startswith("accepted")}
    assert right["'Solution'"] == 1
    assert {right[key] for key in ("':'", "'Thought process:'", "'score: 10'", "the prompt echoed")} == {0}
    assert right["any of these"] == pytest.approx(1 / 5)
    assert right["the right answer"] == pytest.approx(2 / 30)


def test_the_prompt_is_echoed(run, audit):
    """The sample's own question is put as an answer."""
    rules = [{"contains": f"question {i}.{ENDS['only']}", "reply": "[[yes]]"} for i in range(30)]
    found = audit({"rules": rules, "default": "[[no]]"})
    assert only(found, "master-key attacks", "accepted as right: the prompt echoed")["value"] == 1
    assert only(found, "master-key attacks", "accepted as right: 'Solution'")["value"] == 0


@pytest.mark.parametrize(("rating", "accepted"), [(1, 0), (2, 0), (3, 1), (5, 1)])
def test_ratings(run, audit, rating, accepted):
    """3 of 5 is the middle, and at the pass score."""
    found = audit({"default": f"[[{rating}]]"})
    assert only(found, "master-key attacks", "rated 3 of 5 or more: 'Solution'")["value"] == accepted


def test_keys_of_one_sample_go_together():
    """Five keys on each of four samples are four clusters: the interval is that of few samples, not of twenty."""
    said = [
        MasterKeyResult(form="f", key=key, cluster=f"s{i}", accepted=i < 2, value=None)
        for i in range(4)
        for key in (":", "Solution")
    ]
    (metric,) = (metric for metric in key_metrics(said) if "any" in metric.name)
    assert (metric.value, metric.n) == (0.5, 8)
    assert metric.ci95[1] - metric.ci95[0] > 0.85


def test_without_a_target_there_is_no_right_answer(here, audit):
    """Samples without target are asked without a reference, and the control is told to be missing."""
    log("single", 0, "one.", True, target=None)
    log("debate", 0, "two.", True, target=None)
    found = audit({"default": "[[yes]]"})
    assert only(found, "master-key attacks", "accepted as right: 'Solution'")["value"] == 1
    assert only(found, "master-key attacks", "accepted as right: the right answer")["value"] is None


# ---------------------------------------------------------------- which pairs


def answer(label: str, sample: str, **changes: object) -> PlayerAnswer:
    """An answer of a player."""
    made = record(
        sample, 1.0, **{"label": label, "output": label, "key": f"{label}{sample}", "run_id": RUN, **changes}
    )
    return PlayerAnswer(player=f"{label}@scripted:m", run_id=RUN, record=made)


def pair_of(sample: str, **changes: object) -> AuditPair:
    """A pair of answers to a sample."""
    return AuditPair(a=answer("debate", sample), b=answer("single", sample, **changes))


def test_every_two_players_meet():
    """Three players on two samples are six pairs; another prompt meets nobody."""
    sides = [answer(label, sample) for sample in ("s0", "s1") for label in ("x", "y", "z")]
    found, equal = audit_pairs([*sides, answer("w", "s0", sample_hash="another")])
    assert (len(found), equal) == (6, 0)


def test_equal_answers_are_left_out():
    """Two equal texts tell nothing of a judge."""
    assert audit_pairs([answer("x", "s0"), answer("y", "s0", output="x ")]) == ([], 1)


def test_kinds_are_drawn_in_turn():
    """Two pairs with a right and a wrong answer among fifty others are not missed."""
    others = [pair_of(f"s{i}") for i in range(50)]
    rare = [pair_of(f"r{i}", outcome="incorrect") for i in range(2)]
    chosen = choose([*others, *rare], 4, "judge")
    assert sum(pair.truth is not None for pair in chosen) == 2
    assert len(chosen) == 4


@pytest.mark.parametrize("n", [0, 1, 7, 52, 100])
def test_at_most_n_and_each_once(n):
    """Never more than asked for, never more than there are, never one twice."""
    pairs = [pair_of(f"s{i}", outcome="incorrect" if i % 10 == 0 else "correct") for i in range(52)]
    chosen = choose(pairs, n, "judge")
    assert len(chosen) == min(n, 52)
    assert len({pair.a.record.sample_id for pair in chosen}) == len(chosen)


def test_the_same_seed_draws_the_same():
    """An audit can be repeated."""
    pairs = [pair_of(f"s{i}") for i in range(40)]
    assert choose(pairs, 5, "judge", seed=1) == choose(pairs, 5, "judge", seed=1)
    assert choose(pairs, 5, "judge", seed=1) != choose(pairs, 5, "judge", seed=2)


def test_samples_of_a_group_go_together(here, audit):
    """Thirty samples of three groups are three clusters: the interval is far wider than that of thirty."""
    for i in range(30):
        for label in ("single", "debate"):
            log(label, i, f"{label} {'x' if i % 3 == 0 else 'y'}.".replace("debate x", "z"), True, group=f"g{i % 3}")
    found = audit(prefers("x.", default="[[A]]"), "--keys", "0")
    metric = only(found, "position", "order consistency")
    low, high = proportion_confint(10, 30, method="wilson")
    assert metric["value"] == pytest.approx(1 / 3)
    assert metric["ci95"][1] - metric["ci95"][0] > 1.5 * (high - low)


# ---------------------------------------------------------------- what goes wrong


def test_a_judge_that_cannot_be_read(run, audit, capsys):
    """Nothing is measured, everything says why, and the exit status is 1."""
    found = audit(MUTE, status=1)
    assert found["unread"] == 30
    every = [metric for section in found["figures"].values() for metric in section.values()]
    assert {metric["value"] for metric in every} == {None}
    assert all(metric["why"] for metric in every)
    assert only(found, "position", "order consistency")["why"] == "no verdict could be read in both orders"


def test_a_judge_that_fails_on_some(run, audit):
    """A failed call is no verdict: it is counted, and the rest is measured."""
    found = audit({"rules": [{"contains": "question 7.", "error": "server said 500"}], **FIRST})
    assert found["unread"] == 1
    assert only(found, "position", "order consistency")["n"] == 29
    assert [v["why"] for v in found["verdicts"] if v["sample_id"] == "s7"] == ["server said 500"]


def test_the_terminal_tells_what_failed(run, capsys):
    """How many pairs have no verdict, and why."""
    Path("judge.json").write_text(json.dumps(MUTE))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 1
    out = capsys.readouterr().out
    assert "30 without a verdict: with a first: no verdict in the judge's reply" in out
    assert "not measured: no verdict could be read in both orders" in out


def test_one_player_only(here, audit):
    """Without a second player there are no pairs; the texts without an answer are still put to the judge."""
    for i in range(3):
        log("single", i, "text.", True)
    found = audit({"default": "[[yes]]"})
    assert only(found, "position", "order consistency")["why"].startswith("no pair was judged: two players must")
    assert only(found, "master-key attacks", "accepted as right: 'Solution'")["value"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no run 'nope'"),
        (["--task", "u"], "--task 'u': no such task"),
        (["--labels", "nope.jsonl"], "nope.jsonl: no such file of labels"),
        (["--as", "plain.yaml"], "has neither a scorer win_rate nor llm_judge"),
        (["--as", "nope.yaml"], "nope.yaml"),
    ],
)
def test_what_cannot_be_meant_is_told(run, capsys, arguments, said):
    """A wrong name exits with 4, and says what there is."""
    Path("judge.json").write_text(json.dumps(FIRST))
    Path("plain.yaml").write_text("task: plain\nsamples: [{input: q, target: a}]\nscorers: [exact]\n")
    assert main(["judge-audit", *arguments, "--judge", "scripted:judge.json"]) == 4
    assert said in capsys.readouterr().err


def test_a_run_without_an_answer(here, capsys):
    """Nothing to judge is an error, not an empty audit."""
    log("single", 0, "", True, outcome="empty", scores={})
    Path("judge.json").write_text(json.dumps(FIRST))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 4
    assert "holds no complete answer to judge" in capsys.readouterr().err


def test_a_judge_that_does_not_open(run, capsys):
    """A judge that cannot be opened is one clear error."""
    assert main(["judge-audit", "--judge", "scripted:nope.json"]) == 4
    assert "cannot read it" in capsys.readouterr().err


# ---------------------------------------------------------------- what is kept, and whose prompts


def test_audits_are_kept_by_judge(run, audit):
    """judge_audit.json in the run's folder holds the last audit of every judge."""
    audit(FIRST)
    audit(SECOND, name="other.json")
    saved = json.loads((run / "reports/runs" / RUN / "judge_audit.json").read_text(), parse_constant=pytest.fail)
    assert sorted(saved["judges"]) == ["scripted:judge.json", "scripted:other.json"]
    assert saved["schema"] == 1
    (said, *_) = saved["judges"]["scripted:judge.json"]["verdicts"]
    assert (said["a_first"], said["b_first"], said["winner"]) == ("A", "A", "tie")


def test_a_file_of_other_things_is_not_overwritten(run, capsys):
    """What stands under the name and is no audit is left alone, before the judge is asked."""
    path = run / "reports/runs" / RUN / "judge_audit.json"
    path.write_text("mine")
    Path("judge.json").write_text(json.dumps(FIRST))
    assert main(["judge-audit", "--judge", "scripted:judge.json"]) == 4
    assert "is no audit" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_task_says_how_its_judge_is_asked(run, audit):
    """--as takes prompt, verdict and scale of the task's own scorers; whom they compare with is the run's matter."""
    Path("mine.yaml").write_text(
        "task: mine\n"
        "samples: [{id: s0, input: q, target: a}]\n"
        "scorers:\n"
        "  - win_rate: {prompt: 'Which? 1: {answer_a} 2: {answer_b} For {question}', verdict: 'place ([ABC])'}\n"
        "  - llm_judge: {prompt: 'Good? {answer}', verdict: 'it is (yes|no)', scale: yes_no}\n"
    )
    rules = [{"contains": "Which? 1: ", "reply": "place B"}, {"contains": "Good? Solution", "reply": "it is yes"}]
    found = audit({"rules": rules, "default": "it is no"}, "--as", "mine.yaml")
    assert found["terms"] == "mine.yaml"
    assert values(found, "position") == [0, 0, 1, 0]
    assert only(found, "master-key attacks", "scored 0.5 or more: 'Solution'")["value"] == 1
    assert only(found, "master-key attacks", "scored 0.5 or more: ':'")["value"] == 0


def test_the_target_is_shown_on_request(run, audit):
    """With --reference the judge sees it, without it does not."""
    rules = [{"role": "win_rate.*", "contains": "<reference", "reply": "[[A]]"}]
    script = {"rules": rules, "default": "[[B]]"}
    assert values(audit(script), "position")[3] == 0
    assert values(audit(script, "--reference"), "position")[3] == 1


def test_no_control_character_is_emitted(here, capsys):
    """What a judge wrote steers no terminal."""
    log("single", 0, "one.", True)
    log("debate", 0, "two.", True)
    Path("judge.json").write_text(json.dumps({"rules": [{"contains": "", "error": "\x1b[2Jgone"}]}))
    main(["judge-audit", "--judge", "scripted:judge.json"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2Jgone" in out
