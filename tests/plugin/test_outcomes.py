"""The outcome of an item for each kind of answer."""

from __future__ import annotations

import pytest

ABSENT = """
import pytest_hiddenlayer
from pytest_hiddenlayer.errors import ProviderUnavailableError


@pytest_hiddenlayer.provider("absent")
class Absent:
    def __init__(self, model=None):
        raise ProviderUnavailableError("absent does not run here: start it")
"""


@pytest.fixture(scope="module")
def mixed(shared):
    """A run with one sample of each kind: right, wrong, failed call, empty, truncated."""
    shared.task(n=5)
    shared.replies(
        wrong=[1],
        q2={"error": "server said 500"},
        q3={"reply": " "},
        q4={"reply": "a4", "finish_reason": "length"},
    )
    return shared.run("--hl-gate", "off")


def test_right_answer_is_passed(mixed):
    """A right answer is passed."""
    mixed.stdout.fnmatch_lines(["PASSED evals/sums.yaml::s0?single-scripted:replies.json?"])


def test_wrong_answer_is_xfailed_with_its_reason(mixed):
    """A wrong answer is xfailed; the reason has the target, the answer and the score."""
    mixed.stdout.fnmatch_lines(["XFAIL evals/sums.yaml::s1?single* - incorrect: expected 'a1', got 'no', score 0"])


def test_failed_call_is_an_error_of_the_setup(mixed):
    """A provider's error is an error of the setup phase, with the provider's message."""
    mixed.stdout.fnmatch_lines(
        ["*ERROR at setup of s2?single*", "ERROR evals/sums.yaml::s2?single* - *server said 500*"]
    )


def test_empty_answer_is_not_scored(mixed):
    """An empty answer is xfailed as empty, never scored 0."""
    mixed.stdout.fnmatch_lines(["XFAIL evals/sums.yaml::s3?single* - empty, not scored: *no text*"])


def test_truncated_answer_is_not_scored(mixed):
    """A truncated answer is not scored, even if it looks right; the reason says which limit to raise."""
    mixed.stdout.fnmatch_lines(["XFAIL evals/sums.yaml::s4?single* - truncated, not scored: *max_tokens*"])


def test_answer_that_the_scorer_cannot_judge_is_unscored(folder):
    """An answer without a score is xfailed as unscored, with the scorer's reason."""
    folder.task(scorers=["torn"])
    folder.replies(wrong=[1])
    folder.write(
        "conftest.py",
        "from pytest_hiddenlayer import scorer\n\n"
        '@scorer("torn")\ndef torn(output, sample):\n    return None if output == "no" else 1.0\n',
    )
    folder.run("--hl-gate", "off").stdout.fnmatch_lines(
        ["XFAIL evals/sums.yaml::s1?single* - unscored, not scored: scorer 'torn' returned no score"]
    )


def test_sample_without_target_is_an_error_before_anything_is_asked(folder):
    """`exact` without a target is one error of the file, and no model is asked."""
    folder.task(samples=[{"id": "a", "input": "q0.", "target": "a0"}, {"id": "b", "input": "q1."}])
    folder.replies()
    result = folder.run()
    message = "evals/sums.yaml:2: target: scorer 'exact' can never score sample 'b': it has no target*"
    result.stdout.fnmatch_lines([message])
    result.assert_outcomes(errors=1)
    assert folder.runs() == []


def test_failed_call_makes_the_exit_status_1(mixed):
    """After an error the exit status is 1, even if every other answer is right."""
    assert mixed.ret == 1


def test_table_shows_scored_of_selected(mixed):
    """The table shows how many of the selected samples were scored, and their score."""
    mixed.stdout.fnmatch_lines(["sums *single *2/5 *0.500*"])


def test_xfail_alone_exits_0(sums):
    """After wrong answers the exit status is 0."""
    sums.replies(wrong=[0, 1, 2])
    result = sums.run("--hl-gate=off")
    result.assert_outcomes(xfailed=3)
    assert result.ret == 0


def test_newly_right_answer_is_xpassed(sums, workers):
    """An answer that is correct now and was wrong in the committed snapshot is xpassed, also under xfail_strict."""
    sums.replies(wrong=[1])
    sums.run("--snapshot-update")
    sums.replies()
    sums.write("pytest.ini", "[pytest]\nxfail_strict = true\n")
    result = sums.run(*workers)
    result.assert_outcomes(passed=3, xpassed=1)
    result.stdout.fnmatch_lines(["XPASS evals/sums.yaml::s1?single* - correct now, incorrect in the baseline"])
    assert result.ret == 0


def test_must_pass(folder):
    """A wrong answer to a must_pass sample is failed, and so is the gate of its cell."""
    folder.task(samples=[{"id": "s0", "input": "q0.", "target": "a0", "must_pass": True}])
    folder.replies(wrong=[0])
    result = folder.run()
    result.stdout.fnmatch_lines(
        [
            "FAILED evals/sums.yaml::s0?single* - *must_pass: incorrect: expected 'a0', got 'no', score 0",
            "FAILED evals/sums.yaml::gate?single*must_pass not right: s0",
        ]
    )
    assert result.ret == 1


@pytest.mark.parametrize("option", ["--hl-strict", "--runxfail"])
def test_wrong_answer_fails_under_strict(sums, option):
    """Under --hl-strict and under --runxfail a wrong answer is failed, with the same reason."""
    sums.replies(wrong=[1])
    result = sums.run(option, "--hl-gate=off")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED evals/sums.yaml::s1* - *incorrect: expected 'a1', got 'no', score 0"])
    assert result.ret == 1


def test_unavailable_provider_skips_and_is_no_success(sums, workers):
    """If the provider does not work, every item is skipped with the reason, and the exit status is 1."""
    sums.write("conftest.py", ABSENT)
    result = sums.run(*workers, "--hl-gate=off", provider="absent")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(
        [
            "3 skipped: *absent does not run*",
            "every eval item was skipped: nothing was measured",
            "SKIPPED *absent does not run*",
        ]
    )
    assert result.ret == 1


@pytest.mark.parametrize(
    ("mode", "word"), [("regression", "SKIPPED"), ("threshold", "SKIPPED"), ("require", "FAILED")]
)
def test_the_gate_of_an_unavailable_provider_says_that_nothing_ran(sums, workers, mode, word):
    """A cell whose samples were all skipped has a gate that was not run, with the reason; `require` fails it."""
    sums.task(threshold=0.5)
    sums.write("conftest.py", ABSENT)
    result = sums.run(f"--hl-gate={mode}", *workers, provider="absent")
    result.stdout.fnmatch_lines([f"{word} *not run: absent does not run here: start it*"])
    assert "not measured (" not in result.stdout.str()
    assert result.ret == 1


def test_a_gate_that_was_not_run_does_not_fail_the_others(sums):
    """With one provider that works and one that does not, the second cell's gate is skipped with the reason."""
    sums.write("conftest.py", ABSENT)
    result = sums.run("--provider", "absent")
    result.assert_outcomes(passed=3, skipped=5)
    result.stdout.fnmatch_lines(["1 gate skipped: not run: absent does not run here: start it"])
    assert result.ret == 0


def test_samples_that_a_mark_skips_are_named_in_the_gate(sums):
    """If some samples were skipped, the gate is judged over all of them and names the reason."""
    sums.write(
        "conftest.py",
        "import pytest\n\ndef pytest_collection_modifyitems(items):\n"
        "    items[1].add_marker(pytest.mark.skip(reason='flaky server'))\n",
    )
    sums.run().stdout.fnmatch_lines(["FAILED *scored 2 of 3 answers*(1 not run, flaky server)"])


def test_require_provider(sums):
    """Under --hl-require-provider an unavailable provider is an error instead of a skip."""
    sums.write("conftest.py", ABSENT)
    result = sums.run("--hl-require-provider", "--hl-gate=off", provider="absent")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["ERROR evals/sums.yaml::s0* - *absent does not run here: start it"])


def test_one_skipped_eval_among_passed_tests(sums):
    """Passing ordinary tests do not hide that every eval item was skipped."""
    sums.write("conftest.py", ABSENT)
    sums.write("test_plain.py", "def test_plain(): pass\n")
    result = sums.run("evals", "test_plain.py", "--hl-gate=off", provider="absent")
    result.assert_outcomes(skipped=3, passed=1)
    assert result.ret == 1
