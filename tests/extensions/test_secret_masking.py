"""Secrets are masked before anything is written or printed."""

from __future__ import annotations

import os
from collections import UserDict
from collections.abc import Iterator

import pytest

from pytest_hiddenlayer.extensions import secret_masking
from pytest_hiddenlayer.extensions.secret_masking import (
    MASK,
    current_environment,
    held_keys,
    mask_arguments,
    mask_keys,
    mask_secrets,
    secrets_of_environment,
)


@pytest.mark.parametrize(
    "text",
    [
        "http://user:hush-hush@host/v1",
        "http://hush-hush@host/v1",
        "openai=https://u:p@hush-hush@host",
        "http://host/v1?api_key=hush-hush",
        "http://host/v1?x=1&sig=hush-hush#part",
        "http://host/v1?hush-hush",
        "redis+tls://:hush-hush@host",
        "--api-key=hush-hush",
        "OPENAI_API_KEY=hush-hush",
        "Authorization: Bearer hush-hush-0123",
        "no access with sk-proj-hush-hush-0123456789",
    ],
)
def test_a_secret_is_masked(text):
    """Users, passwords and queries of URLs, values of secret options, and keys are replaced."""
    assert "hush" not in mask_secrets(text)
    assert MASK in mask_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8080/v1",
        "--max-tokens=64",
        "debate:max_tokens=3,n_agents=2",
        "evals/a?b=c.yaml",
        "mail to someone@example.org",
        "evals/task-sk-sums.yaml::s0[single-mlx]",
    ],
)
def test_other_text_is_unchanged(text):
    """Nothing else is replaced."""
    assert mask_secrets(text) == text


def test_a_key_of_the_environment_is_masked_wherever_it_is(monkeypatch):
    """The value of a variable such as OPENAI_API_KEY is masked in any text."""
    monkeypatch.setenv("OPENAI_API_KEY", "hush-hush-hush")
    assert mask_secrets("the server said: hush-hush-hush is wrong") == f"the server said: {MASK} is wrong"


def test_the_value_of_a_secret_option_is_masked():
    """The word after an option that names a secret is masked; other words are not."""
    shown = mask_arguments(["pytest", "evals", "--api-token", "hush", "-k", "single", "--hl-budget", "2"])
    assert shown == ["pytest", "evals", "--api-token", MASK, "-k", "single", "--hl-budget", "2"]


class Vanishing(UserDict[str, str]):
    """An environment in which another thread removes a variable after its names were listed."""

    def __iter__(self) -> Iterator[str]:
        return iter(["PYTEST_CURRENT_TEST", "GONE", *self.data])


def test_an_environment_that_another_thread_changes_is_read(monkeypatch):
    """pytest sets and removes a variable for every test, while other threads look for keys."""
    monkeypatch.setattr(os, "environ", Vanishing(OPENAI_API_KEY="hush-hush-hush"))
    assert "PYTEST_CURRENT_TEST" not in current_environment()
    assert secrets_of_environment() == ("hush-hush-hush",)
    monkeypatch.undo()
    assert "hush-hush-hush" not in secrets_of_environment()


def test_the_name_of_the_test_that_runs_does_not_have_keys_looked_for_again(monkeypatch):
    """It differs for every item: only another variable does."""
    looked: list[str] = []
    monkeypatch.setattr(secret_masking, "_secrets", lambda environment: looked.append("again") or [])
    for name in ("a", "b", "c"):
        os.environ["PYTEST_CURRENT_TEST"] = f"{name} (call)"
        secrets_of_environment()
    assert len(looked) <= 1
    monkeypatch.setenv("ANOTHER_TOKEN", "0123456789")
    secrets_of_environment()
    assert looked[-1:] == ["again"]
    monkeypatch.setattr(secret_masking, "_known", ({}, ()))


@pytest.mark.parametrize(
    "key", ["hush-678", "hush-hush-0123456789", "two words-0123456789", "ß-hush-0123456789-ü" * 3]
)
def test_a_key_is_found_at_every_place_of_a_text(key):
    """Only some pieces of a text are looked at first, and every form of a key covers one of them."""
    for form in secret_masking._forms(key):
        for start in range(120):
            for end in ("", " and more words"):
                assert held_keys(f"{'x' * start}{form}{end}", ["another-key-98765", key]) == [key]
    assert held_keys("x" * 500, [key]) == []


ESCAPES = {
    "percent": lambda key: "".join(f"%{ord(character):02x}" for character in key),
    "entities": lambda key: "".join(f"&#{ord(character)};" for character in key),
    "unicode": lambda key: "".join(f"\\u{ord(character):04x}" for character in key),
    "plain": str,
}


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("around", ["<{}>", '<a title="{}">', "&lt;{}&gt;", "<\0{}\0>"])
def test_a_key_within_a_tag_is_masked(escape, around):
    """A tag that is left out to find a key around it hides no key within it, however both are written."""
    key = "sk-Zq7Xw2Lm9Rt4Vb6N"
    text = around.format(ESCAPES[escape](key))
    assert held_keys(text, [key]) == [key]
    assert held_keys(mask_keys(text, [key]), [key]) == []


@pytest.mark.parametrize("tag", ["<b>", "&lt;b&gt;", '<a title="%3e">'])
def test_a_key_around_a_tag_is_masked(tag):
    """A tag in the middle of a key does not hide it, written as it is or escaped."""
    key = "sk-Zq7Xw2Lm9Rt4Vb6N"
    assert key[10:] not in mask_keys(f"a {key[:8]}{tag}{key[8:]} b", [key])
