"""What a page holds of a probed answer."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from support.records import record

from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.report import probe_data
from pytest_hiddenlayer.report.page.sections import json_bytes
from pytest_hiddenlayer.report.probe_data import ProbeFiles

N_PROMPT, N, LAYERS, HEADS = 2, 4, 2, 3
TOKENS = ("What", "?", " fo", "ur")


def made(**changes: object) -> Capture:
    """A capture of two tokens after two tokens, whose weights and probabilities are known."""
    weights = np.zeros((LAYERS, HEADS, N, N), np.float32)
    weights[..., 0] = 1
    weights[1, 2, 1] = (0.75, 0.25, 0, 0)
    values = {
        "token_ids": (5, 6, 7, 8),
        "token_texts": TOKENS,
        "n_prompt": N_PROMPT,
        "arrays": {
            "token_logprobs": np.log([np.nan, 0.9, 0.5, 0.25]).astype(np.float32),
            "lens_token_logprobs": np.log(np.full((LAYERS + 1, N), 0.125)).astype(np.float32),
            "lens_top_ids": np.full((LAYERS + 1, N, 1), 7, np.int32),
            "lens_top_logprobs": np.log(np.full((LAYERS + 1, N, 1), 0.5)).astype(np.float32),
            "attention_weights": weights,
            "attention_layers": np.array([0, 1], np.int32),
        },
        "metadata": {"key": "a", "call": 0, "notes": [], "lens_texts": {"7": " fo"}},
    }
    return Capture(**{**values, **changes})


def test_rows_are_the_tokens_of_the_answer():
    """Row a is the position before token a of the answer: it predicts that token."""
    data = probe_data.probe_data(made())
    assert (data["tokens"], data["start"], data["logprobs"]) == (list(TOKENS), 2, [-0.6931, -1.3863])
    assert data["lens"]["top"] == [[[[" fo", 0.5]], [[" fo", 0.5]]]] * (LAYERS + 1)
    assert data["lens"]["came"] == [[0.125, 0.125]] * (LAYERS + 1)
    coded = np.frombuffer(base64.b64decode(data["attention"]["data"]), np.uint8).reshape(LAYERS, HEADS, 2, N)
    assert np.allclose((coded[1, 2, 0] / 255) ** 2, (0.75, 0.25, 0, 0), atol=0.004)


def test_a_capture_without_arrays_shows_its_tokens():
    """Lens and attention are null if they were not read."""
    arrays = {"token_logprobs": made()["token_logprobs"]}
    data = probe_data.probe_data(made(arrays=arrays))
    assert (data["lens"], data["attention"]) == (None, None)


def test_many_heads_are_averaged_and_a_long_text_is_left_out(monkeypatch):
    """What is too large for a page is averaged over heads, or left out with a sentence."""
    monkeypatch.setattr(probe_data, "MAX_ATTENTION_BYTES", LAYERS * 2 * N)
    averaged = probe_data.probe_data(made())["attention"]
    assert (averaged["heads"], averaged["averaged"]) == (1, True)
    monkeypatch.setattr(probe_data, "MAX_ATTENTION_BYTES", 1)
    data = probe_data.probe_data(made())
    assert data["attention"] is None
    assert "attention of a text of this length is not in this page" in data["notes"][0]


@pytest.fixture
def folder(tmp_path):
    """The folder of a run with the capture of record `a`."""
    path = probe_path(tmp_path, record("a", 1))
    path.parent.mkdir()
    save_capture(made(), path)
    return tmp_path


def test_the_record_in_the_page_has_its_probe(folder):
    """The probe is a field of the record's JSON; a record without a capture stays as it is."""
    files = ProbeFiles(folder=folder)
    assert json.loads(files.added(record("a", 1), b'{"x":1}'))["probe"]["start"] == 2
    assert files.added(record("b", 1), b'{"x":1}') == b'{"x":1}'
    assert files.notices() == []


def test_the_capture_of_another_answer_is_not_shown(folder):
    """A sample that was answered again has another key, and its old capture is left out."""
    assert ProbeFiles(folder=folder).added(record("a", 1, key="new"), b"{}") == b"{}"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY"])
def test_a_damaged_capture_is_a_notice(folder, content):
    """The page is written without it, and says which file cannot be shown."""
    probe_path(folder, record("a", 1)).write_bytes(content)
    files = ProbeFiles(folder=folder)
    assert files.added(record("a", 1), b"{}") == b"{}"
    assert "A capture cannot be shown" in files.notices()[0]["text"]


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"attention_layers": np.array([0], np.int32)}, {}),
        ({"attention_layers": np.array([np.nan, 1])}, {}),
        ({"lens_top_ids": np.full((1, N, 1), 7, np.int32)}, {}),
        ({"lens_top_ids": np.full((LAYERS + 1, N, 1), 9, np.int32)}, {}),
        ({}, {"call": -1}),
        ({}, {"call": 1e400}),
        ({}, {"notes": 5}),
        ({}, {"lens_texts": []}),
    ],
)
def test_a_capture_whose_parts_disagree_is_a_notice(folder, arrays, metadata):
    """A stranger's capture that names layers, tokens or calls that it lacks is not shown, and the page is written."""
    whole = made()
    changed = made(arrays={**whole.arrays, **arrays}, metadata={**whole.metadata, **metadata})
    save_capture(changed, probe_path(folder, record("a", 1)))
    files = ProbeFiles(folder=folder)
    assert files.added(record("a", 1), b"{}") == b"{}"
    assert "A capture cannot be shown" in files.notices()[0]["text"]


@pytest.mark.parametrize(("logprob", "shown"), [(1e6, 1.0), (np.nan, None), (-np.inf, 0.0)])
def test_impossible_probabilities_are_shown_as_probabilities(logprob, shown):
    """A log-probability above 0 is at most certain, and one that is no number is unknown; weights likewise."""
    arrays = made().arrays
    odd = {name: np.full_like(arrays[name], logprob) for name in ("lens_top_logprobs", "attention_weights")}
    data = json.loads(json_bytes(probe_data.probe_data(made(arrays={**arrays, **odd}))))
    assert data["lens"]["top"][0][0] == [[" fo", shown]]
    assert data["attention"]["layers"] == [0, 1]


def test_a_page_has_a_limit(folder, monkeypatch):
    """Beyond the limit, captures stay in their files, and the page says how many."""
    monkeypatch.setattr(probe_data, "MAX_PAGE_BYTES", 10)
    files = ProbeFiles(folder=folder)
    assert files.added(record("a", 1), b"{}") == b"{}"
    assert "1 captures" not in files.notices()[0]["text"]
    assert "1 capture is too large for this page" in files.notices()[0]["text"]
