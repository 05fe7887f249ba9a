"""What the introspection tasks' scores mean: balance, controls, no right answer in the text."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Sample

FOLDER = Path(__file__).parents[2] / "evals-introspection"


def samples(task: str) -> tuple[Sample, ...]:
    return load_task(FOLDER / f"{task}.yaml", FOLDER).samples


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_introspection_samples", FOLDER / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_samples_are_those_of_the_generator(tmp_path):
    """`make_samples.py` writes the committed files byte by byte."""
    generator().main(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (FOLDER / path.name).read_bytes()


@pytest.mark.parametrize("task", ["theory_of_mind", "concept_detection"])
def test_right_answers_are_at_every_position_equally_often(task):
    """Within each kind of sample, a model that always takes one letter gets the chance level."""
    by_kind: dict[str, Counter[int]] = {}
    for sample in samples(task):
        assert isinstance(sample.target, str)
        by_kind.setdefault(sample.metadata["kind"], Counter())[sample.choices.index(sample.target)] += 1
    assert sum(map(Counter.total, by_kind.values())) >= 40
    for counts in by_kind.values():
        assert len(set(counts.values())) == 1
        assert len(counts) == len(samples(task)[0].choices)


def test_a_false_belief_has_a_control_that_only_the_belief_distinguishes():
    """Both samples of a scene have the same options and different right answers, so each shortcut gets half."""
    scenes: dict[str, dict[str, Sample]] = {}
    for sample in samples("theory_of_mind"):
        scenes.setdefault(str(sample.group), {})[sample.metadata["kind"].split()[1]] = sample
    assert len(scenes) == 24
    for scene in scenes.values():
        assert set(scene) == {"false", "true"}
        assert set(scene["false"].choices) == set(scene["true"].choices)
        assert scene["false"].target != scene["true"].target
    first_mentioned = [
        min(sample.choices, key=str(sample.input).find) == sample.target for sample in samples("theory_of_mind")
    ]
    assert sum(first_mentioned) == len(first_mentioned) / 2


def test_no_text_names_the_feeling_that_it_expresses():
    """No form of the feeling's word, nor of another option, is in the text."""
    stems = {
        "fear": ("fear", "afraid", "scar"),
        "envy": ("env", "jealous"),
        "gratitude": ("grateful", "gratitude", "thank"),
        "guilt": ("guilt", "ashamed", "shame"),
        "boredom": ("bore", "boring"),
        "pride": ("pride", "proud"),
    }
    for sample in samples("concept_detection"):
        if sample.metadata["kind"] == "expressed":
            text = str(sample.input).lower().partition("\n")[0]
            assert not [stem for words in stems.values() for stem in words if stem in text], sample.id


def test_every_option_of_an_injected_sentence_is_in_its_text():
    """The four options are the sentences of the text, in its order."""
    for sample in samples("concept_detection"):
        if sample.metadata["kind"] == "injected":
            places = [str(sample.input).find(choice) for choice in sample.choices]
            assert places == sorted(places)
            assert -1 not in places


def test_the_files_hold_no_second_sample_with_the_same_text():
    """Every sample of a task is another question."""
    for task in ("theory_of_mind", "concept_detection"):
        texts = [str(sample.input) for sample in samples(task)]
        assert len(texts) == len(set(texts))
    rows = [json.loads(line) for line in (FOLDER / "self_prediction.jsonl").read_text().splitlines()]
    assert len({frozenset(row["choices"]) for row in rows}) == len(rows) >= 40
