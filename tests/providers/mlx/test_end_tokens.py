"""A response ends at every token that the tokenizer or a configuration calls an end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.end_tokens import end_token_ids
from pytest_hiddenlayer.providers.mlx.loading import load


@pytest.mark.parametrize(
    ("config", "config_file", "generation", "ends"),
    [
        ({}, {}, {}, {7}),
        ({"eos_token_id": 1}, {"eos_token_id": 1}, {}, {1, 7}),
        ({"eos_token_id": [2, 3]}, {"eos_token_id": 1}, {"eos_token_id": [2, 3]}, {1, 2, 3, 7}),
        ({"eos_token_id": 7}, {"eos_token_id": 7}, {"eos_token_id": 7}, {7}),
        ({}, {"text_config": {"eos_token_id": 5}}, {}, {5, 7}),
        ({"eos_token_id": None}, {"eos_token_id": [True, -1, "2", 4]}, [], {4, 7}),
    ],
)
def test_the_end_tokens_of_all_three_are_united(tmp_path: Path, config, config_file, generation, ends):
    """The tokenizer's end token counts beside those of config.json and generation_config.json, nested or not."""
    (tmp_path / "config.json").write_text(json.dumps(config_file))
    (tmp_path / "generation_config.json").write_text(json.dumps(generation))
    assert end_token_ids(tmp_path, config, [7]) == ends


def test_without_files_the_loaded_configuration_counts():
    """A model whose files cannot be found ends at the tokens of its tokenizer and of the loaded configuration."""
    assert end_token_ids(None, {"eos_token_id": [1, 2]}, [3]) == {1, 2, 3}


@pytest.mark.parametrize("tokenizer_class", ["PreTrainedTokenizerFast", "Qwen2TokenizerFast"])
def test_both_ways_of_loading_unite_them(tmp_path: Path, tokenizer_class: str):
    """A folder whose files name three different end tokens ends at each, read plainly or by mlx_lm."""
    folder = tmp_path / "model"
    shutil.copytree(bundled_path(), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "eos_token_id": 5}))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [6]}))
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**tokenizer, "tokenizer_class": tokenizer_class}))
    assert load(folder).end_ids == {0, 5, 6}
