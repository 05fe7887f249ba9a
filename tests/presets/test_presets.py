"""Presets: what their files may say, how a run names them, and what is refused."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from support.folder import Folder

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.presets import all_presets, find_preset, with_preset
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Spec

ROOT = Path(__file__).parents[2]
BUILT_IN = list(all_presets())
PAIR = "description: Two samples.\nstrategy: self_consistency\nparameters: {n_samples: 2}\n"


def write(folder: Path, text: str, name: str = "mine") -> Path:
    """Write one preset, and return its folder."""
    (folder / "presets").mkdir(exist_ok=True)
    (folder / "presets" / f"{name}.yaml").write_text(text)
    return folder / "presets"


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_every_built_in_preset_is_a_strategy_with_parameters_and_a_paper(preset):
    """Each names its paper, says what it does, and is accepted by its strategy; none chooses who answers."""
    assert preset.built_in
    assert preset.paper.startswith("arXiv:")
    assert preset.description.endswith(".")
    bound = bind_strategy(with_preset(parse_strategy(f"preset:{preset.name}")))
    assert (bound.name, bound.preset) == (preset.strategy, preset.name)
    assert bound.label != preset.strategy, "a preset without a parameter is the strategy itself"
    assert not preset.named_model


def test_the_wheel_has_the_presets():
    """The folder is packed next to the module that looks for it."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert packed["wheel"]["force-include"]["presets"] == "pytest_hiddenlayer/presets"
    assert "presets" in packed["sdist"]["include"]


def test_written_parameters_take_precedence(tmp_path):
    """`preset:NAME,key=value` changes one parameter and keeps the others."""
    spec = with_preset(parse_strategy("preset:mine,temperature=0.2"), write(tmp_path, PAIR))
    assert spec == Spec(name="self_consistency", params={"n_samples": 2, "temperature": "0.2"}, preset="mine")


def test_a_project_s_preset_replaces_the_built_in_one_of_its_name(tmp_path):
    """The project's own file counts, and the others stay."""
    folder = write(tmp_path, PAIR, "cisc")
    assert find_preset("cisc", folder).parameters == {"n_samples": 2}
    assert {preset.name for preset in BUILT_IN} == {preset.name for preset in all_presets(folder)}


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (PAIR.replace("n_samples", "n_sample"), ":3: parameters.n_sample", "did you mean 'n_samples'?"),
        (PAIR.replace("2}", "many}"), ":3: parameters.n_samples", "must be a whole number"),
        (PAIR.replace("self_consistency", "self_consistancy"), ":2: strategy", "did you mean 'self_consistency'?"),
        (PAIR.replace("parameters", "params"), ":3: params", "no such field"),
        (PAIR.replace("parameters: {n_samples: 2}", "parameters: 2"), ":3: parameters", "must be a mapping"),
        (f"name: other\n{PAIR}", ":1: name", "must be that of the file, 'mine'"),
        ("description: Nothing.\n", "mine.yaml", "needs `strategy:`"),
        ("strategy: single\n", "mine.yaml", "needs `description:`, a sentence that says what the preset does"),
        ("- 1\n", "mine.yaml", "must be a mapping"),
        ("a: [", "mine.yaml", "this is not YAML"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path, text, place, reason):
    """Every fault of a preset is one sentence with file, line and field."""
    folder = write(tmp_path, text)
    with pytest.raises(UsageError) as error:
        find_preset("mine", folder)
    assert "presets/mine.yaml" in str(error.value)
    assert place in str(error.value)
    assert reason in str(error.value)


@pytest.mark.parametrize("name", ["csc", "../evals/sums", ""])
def test_a_preset_that_does_not_exist_is_named(name):
    """A misspelt name leads to the right one, and no path is opened."""
    with pytest.raises(UsageError, match=r"unknown preset.*there are: adaptive_consistency, cisc"):
        find_preset(name)


def test_a_preset_without_its_prefix_leads_to_the_right_form(sums: Folder):
    """`--strategy cisc` says to write preset:cisc; a name in a task file, how presets are written."""
    result = sums.command("run", "--strategy", "cisc", "--provider", "scripted:replies.json")
    assert result.ret == 4
    assert "strategy 'cisc' does not exist, but a preset of this name does; write preset:cisc" in result.stderr.str()
    sums.task(strategies=["cisc"])
    assert "a preset is written preset:NAME" in sums.run().stdout.str()


def test_a_run_shows_the_strategy_and_names_the_preset_in_its_manifest(sums: Folder):
    """The label of the cell is what ran; run.json and summary.json name the preset."""
    write(sums.path, PAIR)
    result = sums.command("run", "--strategy", "preset:mine", "--provider", "scripted:replies.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*self_consistency.n_samples=2*"])
    (run,) = sums.runs()
    manifest = json.loads((run / "run.json").read_text())
    assert manifest["presets"] == {"mine": ["self_consistency.n_samples=2"]}
    assert sums.summary()[0]["preset"] == "mine"


def test_task_files_and_pytest_take_presets_too(folder: Folder):
    """`preset:NAME` is written where a strategy is, with or without parameters."""
    write(folder.path, PAIR)
    folder.replies()
    folder.task(strategies=["preset:mine", {"preset:mine": {"temperature": 0.1}}])
    result = folder.run()
    assert result.ret == 0
    assert sorted(cell["label"] for cell in folder.summary()) == [
        "self_consistency.n_samples=2",
        "self_consistency.n_samples=2,temperature=0.1",
    ]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("preset:mne", "evals/sums.yaml:4: strategies[0]: unknown preset 'mne', did you mean 'mine'?"),
        ({"preset": "mine"}, "write preset:mine for a preset"),
    ],
)
def test_a_wrong_preset_in_a_task_file_has_file_and_line(folder: Folder, written, reason):
    """The fault is at the line of the strategy, before anything is asked."""
    write(folder.path, PAIR)
    folder.replies()
    folder.task(strategies=[written])
    assert reason in folder.run().stdout.str()


def test_the_model_of_a_preset_answers_unless_the_user_names_one(sums: Folder):
    """A preset's model is the run's default; --provider takes precedence."""
    write(sums.path, f"{PAIR}provider: scripted\nmodel: replies.json\n")
    assert sums.command("run", "--strategy", "preset:mine").ret == 0
    assert [cell["provider"] for cell in sums.summary()] == ["scripted"]
    both = sums.command("run", "--strategy", "preset:mine", "--strategy", "single")
    assert both.ret == 4
    assert "say which model answers all of them" in both.stderr.str()


def test_a_task_file_does_not_choose_the_model_by_a_preset(folder: Folder):
    """A preset with a model is refused in a task file, with what to do."""
    write(folder.path, f"{PAIR}provider: scripted\nmodel: replies.json\n")
    folder.replies()
    folder.task(strategies=["preset:mine"])
    assert "a task file does not choose who answers" in folder.run().stdout.str()


def test_a_preset_of_another_project_loads_no_model(folder: Folder):
    """A folder or hub name in a project that the command does not run in is refused."""
    write(folder.path, f"{PAIR}model: someone/weights\n")
    folder.task()
    folder.write("pytest.ini", "[pytest]\n")
    (folder.path.parent / "elsewhere").mkdir(exist_ok=True)
    result = folder.command("run", str(folder.path / "evals"), "--strategy", "preset:mine", cwd="../elsewhere")
    assert result.ret == 4
    assert "Nothing was opened" in result.stderr.str()


def test_the_command_lists_presets_as_text_and_json(folder: Folder):
    """`hiddenlayer presets` shows each with its strategy, paper and description."""
    write(folder.path, PAIR)
    text = folder.command("presets").stdout.str()
    assert "self_consistency:n_samples=10,weights=p_true,weighting=softmax" in text
    listed = json.loads(folder.command("presets", "--json").stdout.str())
    assert [entry["built_in"] for entry in listed if entry["name"] in ("mine", "cisc")] == [True, False]
    assert folder.command("presets", "mine").stdout.str().strip() == PAIR.strip()
