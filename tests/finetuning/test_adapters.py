"""The adapter folder, and fused models."""

from __future__ import annotations

import json
import shutil

import pytest
from support.finetuning import write_tiny_model

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.finetuning.adapters import load_with_adapter
from pytest_hiddenlayer.finetuning.fuse import fuse_adapter
from pytest_hiddenlayer.finetuning.run import finetune
from pytest_hiddenlayer.finetuning.weights import named_arrays, read_weights
from pytest_hiddenlayer.providers.mlx.loading import load

METHODS = ["lora", "dora", "full"]


def train(examples, model, output, method="lora"):
    """Train a tiny model, so that its answers change visibly."""
    return finetune(
        examples, model=str(model), output=output, method=method, rank=4, learning_rate=2e-2, batch_size=8, epochs=2
    ).folder


@pytest.fixture(scope="module", params=METHODS)
def adapter(request, tiny_model, colours, tmp_path_factory):
    """An adapter of each method."""
    return train(colours, tiny_model, tmp_path_factory.mktemp("adapters") / request.param, request.param)


@pytest.fixture(scope="module")
def lora(tiny_model, colours, tmp_path_factory):
    """A LoRA adapter."""
    return train(colours, tiny_model, tmp_path_factory.mktemp("adapters") / "lora")


def logits(model):
    """The logits after some tokens."""
    import mlx.core as mx

    return model(mx.array([[5, 6, 7, 8, 9, 300, 12]]))


def test_mlx_lm_loads_the_adapter(adapter, tiny_model):
    """`mlx_lm.load` with the adapter folder gives the same logits, bit by bit, and other ones than the base."""
    from mlx_lm import load as mlx_load

    theirs, _ = mlx_load(str(tiny_model), adapter_path=str(adapter))
    theirs.set_dtype(read_weights(tiny_model / "model.safetensors")["model.norm.weight"].dtype)
    ours = load_with_adapter(tiny_model, adapter).model
    assert bool((logits(theirs) == logits(ours)).all())
    assert float(abs(logits(ours) - logits(load(tiny_model).model)).max()) > 0.1


def test_the_manifest(lora, colours):
    """finetuning.json says on what the adapter was trained, how, and with which losses."""
    manifest = json.loads((lora / "finetuning.json").read_text())
    assert len(manifest["base"]["fingerprint"]) == len(manifest["data"]["fingerprint"]) == 16
    assert manifest["data"]["trained"] + manifest["data"]["validated"] == len(colours)
    assert manifest["contamination"] is None
    assert manifest["settings"]["method"] == "lora"
    assert manifest["training"]["best_loss"] < manifest["training"]["first_loss"]
    assert {"git", "version"} <= manifest.keys()


def test_another_base_is_refused(lora, tmp_path):
    """A model of the same shapes with other weights is refused by its fingerprint."""
    other = write_tiny_model(tmp_path / "other", seed=1)
    with pytest.raises(UsageError, match=r"it was trained on .*tiny \(fingerprint .*\), but this is other"):
        load_with_adapter(other, lora)


def test_a_copy_of_the_base_is_accepted(lora, tiny_model, tmp_path):
    """The base is known by its contents: a copy in another folder is the same base."""
    shutil.copytree(tiny_model, tmp_path / "copy")
    load_with_adapter(tmp_path / "copy", lora)


@pytest.mark.parametrize("name", ["adapters.safetensors", "adapter_config.json"])
def test_a_folder_that_is_no_adapter_is_refused(lora, tiny_model, tmp_path, name):
    """What the folder lacks is named."""
    shutil.copytree(lora, tmp_path / "adapter")
    (tmp_path / "adapter" / name).unlink()
    with pytest.raises(UsageError, match=f"the folder has no {name}"):
        load_with_adapter(tiny_model, tmp_path / "adapter")


def test_missing_weights_are_refused(lora, tiny_model, tmp_path):
    """An adapter that lacks the weights of a layer is refused; mlx-lm would leave the layer untrained."""
    import mlx.core as mx

    shutil.copytree(lora, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapters.safetensors"
    arrays = read_weights(path)
    arrays.popitem()
    mx.save_safetensors(str(path), arrays)
    with pytest.raises(UsageError, match=r"1 weights are missing from adapters\.safetensors, such as"):
        load_with_adapter(tiny_model, tmp_path / "adapter")


def test_a_fused_model_is_base_plus_adapter(adapter, tiny_model, tmp_path):
    """The fused folder loads without the adapter, and its logits are those of base plus adapter to the tolerance."""
    fused = fuse_adapter(adapter, tmp_path / "fused")
    assert fused.difference <= fused.tolerance == 1e-3
    expected = logits(load_with_adapter(tiny_model, adapter).model)
    assert float(abs(logits(load(tmp_path / "fused").model) - expected).max()) <= 1e-3
    assert not fused.dequantized


def test_a_fused_model_that_misses_the_tolerance_is_not_kept(lora, tmp_path):
    """Half precision rounds the weights: with the tolerance of single precision, nothing is kept but the reason."""
    with pytest.raises(UsageError, match="not kept, because a logit differs by"):
        fuse_adapter(lora, tmp_path / "fused", dtype="bfloat16", tolerance=1e-6)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_a_quantized_base(colours, tmp_path, method):
    """An adapter of a 4-bit base is fused into unquantized weights, which is said, and it is not lost."""
    base = write_tiny_model(tmp_path / "base", bits=4)
    adapter = train(colours, base, tmp_path / "adapter", method)
    fused = fuse_adapter(adapter, tmp_path / "fused")
    assert fused.dequantized
    assert fused.difference <= 1e-3
    assert "quantization" not in json.loads((tmp_path / "fused" / "config.json").read_text())
    difference = logits(load(tmp_path / "fused").model) - logits(load(base).model)
    assert float(abs(difference).max()) > 0.1


def test_all_weights_of_a_quantized_base_are_not_trained(colours, tmp_path):
    """Method full with a quantized base is refused with the reason."""
    base = write_tiny_model(tmp_path / "base", bits=4)
    with pytest.raises(UsageError, match="method full cannot train a quantized model"):
        train(colours, base, tmp_path / "adapter", "full")


def test_only_the_last_layers_are_trained(tiny_model, colours, tmp_path):
    """With num_layers=1, no weight of the first of two layers is trained, and mlx-lm's loader knows it."""
    folder = finetune(colours, model=str(tiny_model), output=tmp_path / "a", num_layers=1, epochs=1).folder
    assert {name.split(".")[2] for name in read_weights(folder / "adapters.safetensors")} == {"1"}
    trained = named_arrays(load_with_adapter(tiny_model, folder).model.parameters())
    assert not any("layers.0" in name and name.endswith("lora_a") for name in trained)
