"""Models of a host against this machine's."""

from __future__ import annotations

import shlex

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.hosts import probe
from pytest_hiddenlayer.hosts.contents import model_findings
from pytest_hiddenlayer.hosts.needs import ModelNeed, model_needs
from pytest_hiddenlayer.types import ModelName

from .conftest import facts

FILES = {"config.json": [400, "c"], "model.safetensors": [8 * 10**9, "w"]}


def levels(spec, need, found, said=None):
    """(level, text) of each finding."""
    return [(finding.level, finding.text) for finding in model_findings(spec, need, found, said or facts())]


def test_the_same_files_are_the_same_model(spec):
    """Size and content of each file count; a file that is only there does not."""
    need = ModelNeed(name="mlx:/models/big", place=("path", "/models/big"), expected=FILES)
    assert levels(spec, need, {**FILES, "tokenizer.json": [1, "t"]}) == [("ok", "mlx:/models/big: the same files")]


def test_a_missing_and_another_model_are_faults_that_say_how_to_get_it(spec):
    """Each place has its own way: copy a folder, fetch a known or hub model."""
    folder = ModelNeed(name="mlx:/models/big", place=("path", "/models/big"), expected=FILES)
    ((level, text),) = levels(spec, folder, None)
    assert (level, text.partition(";")[2]) == (
        "fault",
        " copy /models/big to the same place there (a relative path starts in the project)",
    )
    ((level, text),) = levels(spec, folder, {**FILES, "model.safetensors": [8 * 10**9, "x"]})
    assert (level, text.partition(";")[0]) == (
        "fault",
        "its mlx:/models/big differs from this machine's (model.safetensors)",
    )
    hub = ModelNeed(name="mlx:owner/name", place=("hub", "owner/name"), expected={"revision": "abc"})
    ((_, text),) = levels(spec, hub, None)
    command = shlex.split(shlex.split(text.split("`")[1])[-1])  # what ssh gives to the host's shell
    assert command[-1] == "from huggingface_hub import snapshot_download as get; get('owner/name', revision='abc')"
    known = ModelNeed(name="mlx:smollm2", place=("cache", "models/smollm2/x.gguf"), expected=None)
    ((_, text),) = levels(spec, known, None)
    assert text.endswith('fetch it: `ssh mac2 "/opt/evals/bin/python -m pytest_hiddenlayer.cli models get smollm2"`')


def test_a_model_that_this_machine_lacks_is_not_compared(spec):
    """That it is there is a note, and no difference is claimed."""
    need = ModelNeed(name="mlx:owner/name", place=("hub", "owner/name"), expected=None)
    assert levels(spec, need, FILES) == [
        ("note", "mlx:owner/name is there; this machine has no copy to compare it with")
    ]


def test_a_model_that_is_larger_than_the_memory_is_a_fault(spec):
    """8 GB of weights do not fit into 4 GB; unknown memory is not small."""
    need = ModelNeed(name="mlx:/m", place=("path", "/m"), expected=FILES)
    small = levels(spec, need, FILES, facts(memory_bytes=4 * 10**9))
    assert small[-1] == ("fault", "mlx:/m needs 8.0 GB of memory, but it has 4.0 GB; choose a smaller model")
    assert [level for level, _ in levels(spec, need, FILES, facts(memory_bytes=None))] == ["ok"]


@pytest.mark.parametrize(
    ("found", "level", "text"),
    [
        (None, "fault", "but none answers there; start it with `ollama serve`"),
        ({}, "fault", "which its Ollama does not have; run `ollama pull llama3` there"),
        ({"llama3:latest": "old"}, "fault", "has another digest than here"),
        ({"llama3:latest": "new"}, "ok", "the same digest"),
    ],
)
def test_ollama_tags_are_compared_by_digest(spec, found, level, text):
    """A tag without a version is `latest`."""
    need = ModelNeed(name="ollama:llama3", place=("ollama", "llama3"), expected={"llama3:latest": "new"})
    ((found_level, found_text),) = levels(spec, need, found)
    assert found_level == level
    assert text in found_text


def test_only_models_that_answer_on_a_host_are_needed_there():
    """The bundled model and its adapter are; a model behind an API is asked by this machine."""
    assert model_needs(ModelName(provider="openai", model="x")) == []
    bundled, adapter = model_needs(ModelName(provider="mlx", model="nano-2:adapters/sums"))
    assert set(bundled.expected) >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert (adapter.place, adapter.expected) == (("path", "adapters/sums"), None)
    with pytest.raises(UsageError, match="no such folder or file"):
        model_needs(ModelName(provider="mlx", model="./nowhere"))


def test_a_single_changed_byte_shows_in_files_up_to_four_megabytes(tmp_path):
    """Smaller files are read whole; of a larger one, blocks at both ends and in between."""
    path = tmp_path / "model.safetensors"
    content = bytearray(3_000_000)
    path.write_bytes(content)
    before = probe.sampled_hash(str(path))
    for place in (0, 1_234_567, 2_999_999):
        content[place] ^= 1
        path.write_bytes(content)
        assert probe.sampled_hash(str(path))[1] != before[1]
        content[place] ^= 1
    with path.open("r+b") as file:
        file.truncate(1_000_000_000)  # sparse
    large = probe.sampled_hash(str(path))
    with path.open("r+b") as file:
        file.seek(999_999_999)
        file.write(b"x")
    assert probe.sampled_hash(str(path)) != large
