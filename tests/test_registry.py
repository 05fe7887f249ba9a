"""Where the prompts of a user's strategy are looked up."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.registry import StrategyRegistry


@pytest.fixture
def registry() -> StrategyRegistry:
    """An empty registry of strategies."""
    return StrategyRegistry("strategy", "no.such.group")


async def answers(context):
    """A strategy of this file."""


def test_a_relative_folder_begins_at_the_file_of_the_strategy(registry, tmp_path):
    """Also of one that another decorator has wrapped; a missing folder is named."""
    (tmp_path / "asks").mkdir()
    wrapped = functools.wraps(answers)(lambda context: None)
    registry.register("asks", prompts=tmp_path)(wrapped)
    assert registry.prompts == {"asks": tmp_path}
    with pytest.raises(UsageError, match="has no folder") as error:
        registry.register("asks", prompts="missing")(wrapped)
    assert str(Path(__file__).parent / "missing" / "asks") in str(error.value)


def test_a_strategy_registered_again_without_prompts_has_none(registry, tmp_path):
    """The last registration of a name counts, with its prompts or without."""
    (tmp_path / "asks").mkdir()
    registry.register("asks", prompts=tmp_path)(answers)
    registry.register("asks")(answers)
    assert registry.prompts == {}


def test_a_strategy_without_a_file_is_one_sentence(registry, tmp_path):
    """An object that no file defines has no place for a relative folder."""
    with pytest.raises(UsageError, match="decorate a function, or pass an absolute path"):
        registry.register("asks", prompts="prompts")(functools.partial(answers))
    (tmp_path / "asks").mkdir()
    registry.register("asks", prompts=tmp_path)(functools.partial(answers))
    assert registry.prompts == {"asks": tmp_path}
