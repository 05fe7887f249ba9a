"""A gate without its samples, or samples without their gate, is never silently fine."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder

PARTS = """
import os

def pytest_collection_modifyitems(config, items):
    kept = [item for item in items if {keep}]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
"""
"""A conftest that leaves items out, as plugins that split a run over machines do."""
ALL_WRONG = range(6)


@pytest.fixture
def regressed(folder: Folder) -> Folder:
    """A folder with a snapshot of six right answers, which are all wrong now."""
    folder.task(n=6)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    folder.replies(wrong=ALL_WRONG)
    return folder


def keep(folder: Folder, condition: str) -> None:
    """Keep the items for which the condition holds."""
    folder.write("conftest.py", PARTS.format(keep=condition))


SAMPLES_ONLY = "'gate' not in item.name"
GATE_ONLY = "'gate' in item.name"
SOME_WITHOUT_GATE = "item.name[:2] in ('s0', 's1', 's2')"
SOME_WITH_GATE = "item.name[:2] in ('s0', 's1', 's2') or 'gate' in item.name"


@pytest.mark.parametrize("condition", [SAMPLES_ONLY, GATE_ONLY, SOME_WITHOUT_GATE, SOME_WITH_GATE])
def test_require_never_passes_a_part(regressed: Folder, workers: list[str], condition: str) -> None:
    """Under --hl-gate=require a part of a cell exits with 1, whatever was left out, with workers too."""
    keep(regressed, condition)
    result = regressed.run("--hl-gate=require", *workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["FAILED evals/sums.yaml::gate*"])


@pytest.mark.parametrize("condition", [SOME_WITHOUT_GATE, SOME_WITH_GATE, GATE_ONLY])
def test_require_fails_a_part_of_right_answers(folder: Folder, condition: str) -> None:
    """Right answers do not make a part of a cell whole."""
    folder.task(n=6)
    folder.replies()
    folder.run("--snapshot-update")
    assert folder.run("--hl-gate=require").ret == 0
    keep(folder, condition)
    assert folder.run("--hl-gate=require").ret == 1


def test_a_cell_whose_gate_ran_elsewhere_is_judged(regressed: Folder, workers: list[str]) -> None:
    """If all samples of a cell run here and another plugin left its gate out, the gate is judged all the same."""
    keep(regressed, SAMPLES_ONLY)
    result = regressed.run(*workers)
    result.stdout.fnmatch_lines(["FAILED evals/sums.yaml::gate*regressed against*"])
    assert result.ret == 1


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        (SOME_WITHOUT_GATE, "not judged, the gate was not selected: sums?single-*? (3 of 6 answers)"),
        (SOME_WITH_GATE, "judged in part, not all samples were selected: sums?single-*? (3 of 6 answers)"),
        (GATE_ONLY, "not judged, no sample was selected: sums?single-*?"),
    ],
    ids=["samples", "both", "gate"],
)
def test_what_was_left_out_is_said(regressed: Folder, workers: list[str], condition: str, line: str) -> None:
    """In every mode the run says which cells were judged in part or not at all."""
    keep(regressed, condition)
    regressed.run(*workers).stdout.fnmatch_lines([line])


def test_a_gate_that_the_user_left_out_stays_out(regressed: Folder) -> None:
    """-k and --deselect leave a gate out on purpose: it is not judged, and the run says so."""
    for options in (("-k", "not gate"), ("--deselect", "evals/sums.yaml::gate[single-scripted:replies.json]")):
        result = regressed.run(*options)
        result.stdout.fnmatch_lines(["not judged, the gate was not selected: sums?single-*? (6 of 6 answers)"])
        assert result.ret == 0


def test_gates_alone_measure_nothing(regressed: Folder) -> None:
    """`-k gate` selects gates without samples: all are skipped with what to do, and the exit status is 1."""
    result = regressed.run("-k", "gate")
    result.assert_outcomes(skipped=1, deselected=6)
    result.stdout.fnmatch_lines(
        ["SKIPPED*no sample of this cell was selected; select its samples together with its gate"]
    )
    assert result.ret == 1


def test_pytest_split(regressed: Folder) -> None:
    """With pytest-split, no group of a red run is green under `require`, and each says what it lacks."""
    pytest.importorskip("pytest_split")
    assert regressed.run().ret == 1
    for group in ("1", "2"):
        part = regressed.run("--splits", "2", "--group", group)
        assert "judged" in part.stdout.str()
        assert regressed.run("--splits", "2", "--group", group, "--hl-gate=require").ret == 1


@pytest.mark.parametrize("dist", ["load", "loadscope", "loadfile", "worksteal", "no"])
def test_every_distribution_judges_whole_cells(regressed: Folder, dist: str) -> None:
    """However xdist distributes the items, the controller judges all of a cell's samples."""
    result = regressed.run("-n", "2", "--dist", dist)
    result.stdout.fnmatch_lines(["*regressed against*"])
    assert "judged in part" not in result.stdout.str()
    assert result.ret == 1


def test_an_epoch_left_out_makes_a_cell_partial(folder: Folder) -> None:
    """If only some epochs of the samples are selected, the cell is partial, and they are not taken for lost."""
    folder.task(epochs=3)
    folder.replies()
    keep(folder, "'#3' not in item.name")
    result = folder.run()
    result.stdout.fnmatch_lines(["judged in part, not all samples were selected: sums?single-*? (6 of 9 answers)"])
    (cell,) = folder.summary()
    assert (cell["n"], cell["n_selected"], cell["n_total"]) == (6, 6, 9)


def test_a_limited_run_is_partial(sums: Folder) -> None:
    """--hl-limit selects some of the samples: the run says so, and `require` fails it, also by the command."""
    sums.run("--snapshot-update")
    sums.run("--hl-limit=2").stdout.fnmatch_lines(["judged in part*: sums?single-*? (2 of 3 answers)"])
    result = sums.command("run", "--provider", "scripted:replies.json", "--limit", "2", "--hl-gate=require")
    result.stdout.fnmatch_lines(["*partial: 2 of 3 answers were selected*"])
    assert result.ret == 1


def test_whole_cells_have_no_note(sums: Folder) -> None:
    """A whole run says nothing of parts."""
    assert "judged" not in sums.run().stdout.str()
    assert json.dumps(sums.summary()).count('"n_total": 3') == 1


def test_a_test_function_with_the_same_samples_makes_no_other_answers(folder: Folder) -> None:
    """A test function that asks for the answers of a task file is counted with its items, not beside them."""
    folder.task(n=3)
    folder.replies()
    assert folder.run("--snapshot-update").ret == 0
    folder.write(
        "evals/test_same.py",
        "import pytest\n\n\n@pytest.mark.task('sums.yaml')\ndef test_same(evaluate):\n    assert evaluate().output\n",
    )
    result = folder.run("--hl-gate=require")
    result.stdout.fnmatch_lines(["sums *3/3*"])
    assert result.ret == 0
