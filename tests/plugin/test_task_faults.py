"""Errors in task files."""

from __future__ import annotations

import json

FAULTS = {
    "misspelt": "task: misspelt\nsamples: [{id: a, input: q0., target: a0}]\nscorer: [exact]\n",
    "twice": "task: twice\nsamples: [{id: a, input: x, target: y}, {id: a, input: z, target: y}]\nscorers: [exact]\n",
    "absent": "task: absent\nsamples: nowhere.jsonl\nscorers: [exact]\n",
    "bomb": "task: bomb\na: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "strategy": "task: strategy\nsamples: [{id: a, input: x, target: y}]\nscorers: [exact]\nstrategies: [singel]\n",
}
SAID = {
    "misspelt": "evals/misspelt.yaml:3:*scorer*did you mean 'scorers'*",
    "twice": "evals/twice.yaml:*'a'*",
    "absent": "evals/absent.yaml:2:*nowhere.jsonl*",
    "bomb": "evals/bomb.yaml:*",
    "strategy": "evals/strategy.yaml:4:*unknown strategy 'singel', did you mean 'single'*",
}


def test_each_is_one_clear_error_and_the_rest_runs(sums, workers):
    """Each faulty file is one error with file, line and field; the other files run; exit status 1."""
    for name, text in FAULTS.items():
        sums.write(f"evals/{name}.yaml", text)
    result = sums.run(*workers)
    result.assert_outcomes(passed=3, skipped=1, errors=len(FAULTS))
    assert result.ret == 1
    for line in SAID.values():
        result.stdout.fnmatch_lines([line])
    assert "Traceback" not in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()


def test_other_collection_errors_stop_the_session(sums):
    """If a test module is broken too, pytest runs nothing and exits with status 2."""
    sums.write("evals/misspelt.yaml", FAULTS["misspelt"])
    sums.write("test_broken.py", "import nowhere_at_all\n")
    result = sums.run("evals", "test_broken.py")
    assert result.ret == 2
    assert not sums.runs()


def test_same_name_twice(sums, workers):
    """Two files with one task name: an error that names both files; the first one runs."""
    text = (sums.path / "evals/sums.yaml").read_text()
    sums.write("evals/zweite.yaml", text)
    result = sums.run(*workers)
    result.assert_outcomes(passed=3, skipped=1, errors=1)
    result.stdout.fnmatch_lines(["evals/zweite.yaml*'sums' is taken by *sums.yaml*"])
    assert result.ret == 1


def test_json_task_file(folder):
    """Errors in a JSON task file are reported like those in YAML."""
    folder.replies()
    good = {"task": "", "samples": [{"id": "s0", "input": "q0.", "target": "a0"}], "scorers": ["exact"]}
    folder.write("evals/good.json", json.dumps(good, indent=1))
    folder.write("evals/wrong.json", json.dumps({**good, "task": "wrong", "sampels": []}, indent=1))
    result = folder.run()
    result.assert_outcomes(passed=1, skipped=1, errors=1)
    result.stdout.fnmatch_lines(["evals/wrong.json:*sampels*did you mean 'samples'*"])


def test_unknown_strategy_option_is_no_fault_of_the_files(sums):
    """A wrong --strategy is a usage error, not a collection error of every file."""
    result = sums.run("--strategy", "debat")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *unknown strategy 'debat', did you mean 'debate'*"])
