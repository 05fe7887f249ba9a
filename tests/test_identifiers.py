"""Identifiers: slugs, item names, seeds and digests."""

from __future__ import annotations

import re

import pytest

from pytest_hiddenlayer.identifiers import derive_seed, digest, file_name, item_name, item_params, slug, slugs
from pytest_hiddenlayer.types import ModelName


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mlx-community/Llama-3.2-3B", "llama-3.2-3b"),
        ("path/to/My Model!/", "my-model-"),
        ("llama3.2:latest", "llama3.2-latest"),
    ],
)
def test_slugs(name, expected):
    """A slug is the last path part in lower case; other characters become dashes."""
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("", "model"), ("/", "model"), ("Ünï code", "-n--code"), ("a//", "a")]
)
def test_unusual_names_have_slugs(name, expected):
    """No name has an empty slug or a slug with a character outside [a-z0-9._-]."""
    assert slug(name) == expected


def test_long_slugs_are_cut_and_stay_distinct():
    """A slug has at most 60 characters; two long names that begin alike differ in their last 6 hex digits."""
    one, two = slug("m" * 300 + "a"), slug("m" * 300 + "b")
    assert one != two
    assert (len(one), len(two), one[:53]) == (60, 60, "m" * 53)
    assert slug("m" * 60) == "m" * 60


@pytest.mark.parametrize("name", ["single-mlx-nano-2", "debate.n_agents=5,share=full-mlx-nano-2", "sums", "a" * 160])
def test_file_names_that_every_system_can_hold_stay(name):
    """A name that is fit for a file is the file's name."""
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name", ["con", "nul.v2", "COM1", "lpt9.x=1-mlx", "a" * 400, "a.", "a ", "A", "a?b", "a/b", "ü" * 100]
)
def test_other_file_names_are_made_fit(name):
    """A reserved, long or differently cased name, or one with characters that are refused, gets 6 hex digits."""
    fit = file_name(name)
    assert re.search(r"-[0-9a-f]{6}$", fit)
    assert len(fit.encode()) <= 161
    assert not re.search(r'[\\/:*?"<>|]', fit)
    assert fit.partition(".")[0].partition("-")[0].lower() not in {"con", "nul", "com1", "lpt9"}


def test_file_names_differ_without_regard_to_case():
    """Names that differ only in case, or in a character that was replaced, have different files everywhere."""
    names = ["hint=A-x", "hint=a-x", "hint=a?-x", "hint=a!-x", "hint=a-x.", "HINT=a-x"]
    assert len({file_name(name).casefold() for name in names}) == len(names)


def test_equal_slugs_are_made_distinct():
    """Equal slugs get six hex digits of the hash of the full name."""
    by_name = slugs(["a/m", "b/m", "c/n"])
    assert by_name["c/n"] == "n"
    assert all(re.fullmatch(r"m-[0-9a-f]{6}", by_name[name]) for name in ("a/m", "b/m"))
    assert by_name["a/m"] != by_name["b/m"]


def test_slug_digits_depend_on_the_full_name_only():
    """The six digits depend on the model's own name, not on the other models or their order."""
    assert slugs(["a/m", "b/m"])["a/m"] == slugs(["c/M", "a/m"])["a/m"] == "m-6bd9df"  # sha256 of a/m


def test_item_params():
    """The brackets contain the model only if it was named; epochs after the first add #n."""
    assert item_params("debate", ModelName(provider="mlx"), "nano-1") == "debate-mlx"
    assert item_params("debate", ModelName(provider="mlx", model="x/Y"), "y") == "debate-mlx:y"
    assert item_params("single", ModelName(provider="mlx"), "nano-1", 2) == "single-mlx#2"
    assert item_name("w[1]") == "w(1)"


@pytest.mark.parametrize(
    ("model", "epoch", "expected"),
    [
        (None, 1, "debate-mlx"),
        (None, 3, "debate-mlx#3"),
        ("x/Llama", 1, "debate-mlx:llama"),
        ("x/Llama", 2, "debate-mlx:llama#2"),
    ],
)
def test_brackets_name_model_and_epoch(model, epoch, expected):
    """The brackets contain a named model, then a later epoch."""
    assert item_params("debate", ModelName(provider="mlx", model=model), "llama", epoch) == expected


def test_a_seed_depends_on_each_part():
    """A seed is a pure function of its parts and changes with each of them."""
    assert derive_seed(0, "a", 1) == derive_seed(0, "a", 1)
    assert len({derive_seed(0, "a", 1), derive_seed(0, "a", 2), derive_seed(1, "a", 1), derive_seed(0, "a1")}) == 4
    assert 0 <= derive_seed("x") < 2**31


def test_seeds_are_pinned():
    """Seeds never change on any machine: the answers in committed snapshots depend on them."""
    assert derive_seed(0, "arithmetic", "add-17", 1, "debate", "agent-1", 0, 0) == 906230670
    assert derive_seed("x") == 1723004182


def test_parts_of_a_seed_do_not_run_together():
    """('ab', 'c') and ('a', 'bc') have different seeds."""
    assert len({derive_seed("ab", "c"), derive_seed("a", "bc"), derive_seed("abc"), derive_seed("a", "b", "c")}) == 4


def test_digests_depend_on_the_value():
    """A digest depends on values and their types, but not on the order of keys."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": "2"})
    assert re.fullmatch("[0-9a-f]{6}", digest([], length=6))
