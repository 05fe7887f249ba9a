"""Models with an adapter, and several local models in one run."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import mlx.nn as nn  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402

from pytest_hiddenlayer.errors import UsageError  # noqa: E402
from pytest_hiddenlayer.local_models import LocalModels  # noqa: E402
from pytest_hiddenlayer.model_names import name_models  # noqa: E402
from pytest_hiddenlayer.models import BUNDLED, bundled_path  # noqa: E402
from pytest_hiddenlayer.providers.mlx.loading import load  # noqa: E402
from pytest_hiddenlayer.providers.mlx.model_files import find_files  # noqa: E402
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider  # noqa: E402
from pytest_hiddenlayer.providers.mlx.weight_sizes import loaded_bytes  # noqa: E402
from pytest_hiddenlayer.providers.mlx.weights_fingerprint import weights_fingerprint  # noqa: E402
from pytest_hiddenlayer.registry import providers  # noqa: E402
from pytest_hiddenlayer.types import GenerationConfig, Message, ModelName, Request  # noqa: E402

IDS = mx.array([[2, 294, 0, 3, 17, 41]])


def write_adapter(folder: Path, base: Path, kind: str = "lora", seed: int = 1, scale: float = 0.5) -> Path:
    """Write an adapter with random weights, made by mlx-lm's own functions."""
    from mlx_lm import load as mlx_load
    from mlx_lm.tuner.utils import linear_to_lora_layers

    model = mlx_load(str(base))[0]
    model.freeze()
    config = {"rank": 4, "scale": 2.0, "dropout": 0.0}
    linear_to_lora_layers(model, 3, config, use_dora=kind == "dora")
    mx.random.seed(seed)
    weights = {name: scale * mx.random.normal(w.shape) for name, w in tree_flatten(model.trainable_parameters())}
    folder.mkdir(parents=True)
    mx.save_safetensors(str(folder / "adapters.safetensors"), weights)
    values = {"fine_tune_type": kind, "num_layers": 3, "lora_parameters": config}
    (folder / "adapter_config.json").write_text(json.dumps(values))
    return folder


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter of the bundled model."""
    return write_adapter(tmp_path_factory.mktemp("adapters") / "sums", bundled_path())


def quantized(folder: Path) -> Path:
    """Write a 4-bit copy of the bundled model."""
    from mlx_lm.utils import load_model, quantize_model, save_config

    model, config = load_model(bundled_path())
    shutil.copytree(bundled_path(), folder)
    model, config = quantize_model(model, config, group_size=32, bits=4)
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))
    save_config(config, folder / "config.json")
    return folder


@pytest.mark.parametrize("kind", ["lora", "dora"])
@pytest.mark.parametrize("bits", [None, pytest.param(4, marks=pytest.mark.slow)])
def test_logits_equal_those_of_mlx_lm(tmp_path: Path, kind: str, bits: int | None):
    """Base and adapter computes what `mlx_lm.load(adapter_path=...)` does, bit for bit; not what the base does."""
    from mlx_lm import load as mlx_load

    base = bundled_path() if bits is None else quantized(tmp_path / "base")
    folder = write_adapter(tmp_path / "adapter", base, kind)
    expected = mlx_load(str(base), adapter_path=str(folder))[0]
    if bits is None and mx.default_device() == mx.cpu:
        expected.set_dtype(mx.float32)
    found = load(base, folder).model
    assert mx.array_equal(found(IDS), expected(IDS)).item()
    assert not mx.array_equal(found(IDS), load(base).model(IDS)).item()
    assert any(isinstance(part, nn.QuantizedLinear) for part in found.modules()) == (bits is not None)


def test_the_bytes_in_memory_are_known_from_the_files(tmp_path: Path, adapter: Path):
    """What the headers say is what the loaded weights take: plain, with an adapter, and in 4 bits."""
    for base, added in ((bundled_path(), None), (bundled_path(), adapter), (quantized(tmp_path / "four"), None)):
        weights = tree_flatten(load(base, added).model.parameters())
        assert loaded_bytes(base, added) == sum(value.nbytes for _, value in weights)


def ask(provider: MlxProvider, *prompts: str, temperature: float = 0.0) -> list[str]:
    """Return the texts of requests that are in flight together."""

    async def go() -> list[str]:
        requests = [
            Request(
                messages=(Message(role="user", content=prompt),),
                params=GenerationConfig(max_tokens=24, temperature=temperature),
                seed=index,
            )
            for index, prompt in enumerate(prompts)
        ]
        return [completion.text for completion in await asyncio.gather(*map(provider.complete, requests))]

    return asyncio.run(go())


PROMPTS = [f"Calculate {a}+{b}." for a, b in ((17, 25), (3, 9), (41, 41), (60, 7), (8, 8), (12, 30))]


def test_base_and_tuned_models_answer_in_one_batch_each(adapter: Path):
    """Requests to each model decode together; texts repeat, and those of the tuned model differ."""
    models = LocalModels()
    base, tuned = MlxProvider(None, models), MlxProvider(f"{BUNDLED}:{adapter}", models)
    try:
        for provider in (base, tuned):
            texts = ask(provider, *PROMPTS, temperature=0.7)
            batch = provider._batch
            assert batch is not None
            assert batch.largest_batch >= 4
            assert batch.n_steps < 24 * len(PROMPTS) / 2
            assert texts == ask(provider, *PROMPTS, temperature=0.7)
        assert ask(base, *PROMPTS) != ask(tuned, *PROMPTS)
        assert (tuned.model, base._batch is tuned._batch) == (f"{BUNDLED}:{adapter}", False)
        assert base.capabilities.fingerprint != tuned.capabilities.fingerprint
    finally:
        asyncio.run(base.close())
        asyncio.run(tuned.close())


def test_equal_models_share_one_batch():
    """The bundled model by default, by name and by path is loaded once."""
    models = LocalModels()
    found = [MlxProvider(name, models) for name in (None, BUNDLED, str(bundled_path()))]
    assert len({id(provider._batch) for provider in found}) == 1
    for provider in found:
        asyncio.run(provider.close())


def test_a_bound_changes_no_text(adapter: Path):
    """With room for one of two models, both answer as without a bound, and the change is said."""
    names = [BUNDLED, f"{BUNDLED}:{adapter}"]

    def answers(models: LocalModels) -> list[list[str]]:
        opened = [MlxProvider(name, models) for name in names]
        try:
            return [ask(opened[i % 2], *PROMPTS[:3], temperature=0.8) for i in range(4)]
        finally:
            for provider in opened:
                asyncio.run(provider.close())

    notes: list[str] = []
    size = loaded_bytes(bundled_path(), adapter)
    assert size is not None
    bounded = LocalModels(size, notes.append)
    assert answers(bounded) == answers(LocalModels())
    assert len(notes) == 2
    found = bounded.to_json()
    assert found is not None
    assert found["peak_bytes"] <= size
    assert [model["loads"] for model in found["models"]] == [2, 2]


def test_a_retrained_adapter_has_another_fingerprint(tmp_path: Path, adapter: Path):
    """The fingerprint, by which answers are cached, depends on the adapter's contents."""
    other = write_adapter(tmp_path / "sums", bundled_path(), seed=2)
    shutil.copytree(adapter, tmp_path / "copy")
    found = [find_files(f"{BUNDLED}:{folder}").fingerprint for folder in (adapter, other, tmp_path / "copy")]
    assert found[0] == found[2] != found[1]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, r"no such folder"),
        ([], r"has no adapter_config\.json and no adapters\.safetensors.*mlx_lm\.lora"),
        (["adapter_config.json"], r"has no adapters\.safetensors:"),
        (["adapter_config.json", "adapter_model.safetensors"], r"format of PEFT.*merge"),
    ],
)
def test_what_is_no_adapter_is_refused(tmp_path: Path, files: list[str] | None, message: str):
    """The error says what is missing, before anything is loaded."""
    folder = tmp_path / "x"
    for name in files or []:
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    if files == []:
        folder.mkdir()
    with pytest.raises(UsageError, match=message):
        MlxProvider.check(f"{BUNDLED}:{folder}")


def test_an_adapter_of_another_base_is_refused(tmp_path: Path, adapter: Path):
    """By its fingerprint before loading; by names, shapes and missing weights when it is loaded."""
    by_name = tmp_path / "named"
    shutil.copytree(adapter, by_name)
    for fingerprint, raises in ((weights_fingerprint(bundled_path()), False), ("0" * 16, True)):
        manifest = {"base": {"model": "mlx:other", "fingerprint": fingerprint}}
        (by_name / "finetuning.json").write_text(json.dumps(manifest))
        if raises:
            with pytest.raises(UsageError, match=r"trained on mlx:other \(fingerprint 0000"):
                MlxProvider.check(f"{BUNDLED}:{by_name}")
        else:
            MlxProvider.check(f"{BUNDLED}:{by_name}")
    weights = mx.load(str(adapter / "adapters.safetensors"))
    for change, message in (("shape", "does not match"), ("extra", "not an adapter parameter"), ("less", "missing")):
        folder = tmp_path / change
        shutil.copytree(adapter, folder)
        changed, first = dict(weights), next(iter(weights))
        if change == "shape":
            changed[first] = mx.zeros((3, 4))
        elif change == "extra":
            changed["model.layers.99.x.lora_a"] = mx.zeros((3, 4))
        else:
            del changed[first]
        mx.save_safetensors(str(folder / "adapters.safetensors"), changed)
        with pytest.raises(UsageError, match=f"adapter .*{message}"):
            MlxProvider(f"{BUNDLED}:{folder}")


def test_an_adapter_folder_is_not_a_model(adapter: Path):
    """`--model ADAPTER` says how to name base and adapter."""
    with pytest.raises(UsageError, match="holds an adapter, not a model: write MODEL:"):
        MlxProvider.check(str(adapter))


def test_an_adapter_of_a_gguf_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The adapter is added to the converted folder of the file."""
    from support.gguf_models import write_gguf

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = write_gguf(tmp_path / "m.gguf")
    base = find_files(str(path)).folder
    assert base is not None
    weights = load(base).model.model.layers[0].self_attn.q_proj.weight.shape
    folder = tmp_path / "adapter"
    folder.mkdir()
    arrays = {"lora_a": mx.ones((weights[1], 2)), "lora_b": mx.ones((2, weights[0]))}
    prefix = "model.layers.1.self_attn.q_proj"
    mx.save_safetensors(
        str(folder / "adapters.safetensors"), {f"{prefix}.{name}": value for name, value in arrays.items()}
    )
    parameters = {"rank": 2, "scale": 1.0, "dropout": 0.0, "keys": ["self_attn.q_proj"]}
    config = {"fine_tune_type": "lora", "num_layers": 1, "lora_parameters": parameters}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    files = find_files(f"{path}:{folder}")
    assert (files.folder, files.adapter) == (base, folder)
    assert not mx.array_equal(load(base, folder).model(IDS % 100), load(base).model(IDS % 100)).item()


@pytest.mark.parametrize(
    ("texts", "model", "expected"),
    [
        (("mlx",), None, "nano-2:a/b"),
        (("mlx",), "smollm2", "smollm2:a/b"),
        (("mlx:owner/name",), None, "owner/name:a/b"),
    ],
)
def test_the_adapter_option_names_base_and_adapter(texts, model, expected):
    """`--adapter` is short for MODEL:ADAPTER of the one mlx model."""
    assert name_models(texts, model, providers.get, "a/b") == (ModelName(provider="mlx", model=expected),)


@pytest.mark.parametrize("texts", [("mlx", "mlx:smollm2"), ("openai:x",), ("mlx:nano-2:c",)])
def test_an_adapter_without_its_one_model_is_refused(texts):
    """Of several or none, the error says what to write; a model that has an adapter takes no other."""
    with pytest.raises(UsageError, match=r"--hl-adapter '?a/b'?.*(mlx:MODEL:a/b instead|leave one out)"):
        name_models(texts, None, providers.get, "a/b")


def test_a_model_with_an_adapter_is_never_trusted_by_default():
    """A task file may name it only with --hl-allow-task-models."""
    assert MlxProvider.loads_files(f"{BUNDLED}:adapters/x")
