"""What the sample pane shows of a probed answer: lens and attention at the answer's tokens.

`web/src/data.ts` describes the fields as `Probe`.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..probes.run_files import CALL, FOLDER, NOTES, TEXTS, probe_path
from ..types import Record
from .page.sections import json_bytes

if TYPE_CHECKING:
    from ..probes.capture import Capture

MAX_ATTENTION_BYTES = 300_000
"""Of one answer's attention in the page, before base64; a longer one is averaged over heads, or left out."""
MAX_PAGE_BYTES = 24_000_000
"""Of all probes in a page; further ones stay in their files."""
MAX_READ_BYTES = 2**30
"""Of one capture's arrays in memory; a page does not show a larger one."""
MAX_ANSWER = 400
"""Tokens of an answer whose lens is in the page."""


@dataclass(kw_only=True, slots=True)
class ProbeFiles:
    """The captures of a run, as far as they fit into its page; `notices` says what does not."""

    folder: Path
    _bytes: int = 0
    _beyond: int = 0  # captures that do not fit into the page
    _faults: list[str] = field(default_factory=list)
    _exist: bool = field(init=False)

    def __post_init__(self) -> None:
        self._exist = (self.folder / FOLDER).is_dir()

    def added(self, record: Record, content: bytes) -> bytes:
        """Return the JSON of a record with its probe as the field `probe`, if it has one."""
        if not self._exist or not content.endswith(b"}"):
            return content
        path = probe_path(self.folder, record)
        if not path.is_file():
            return content
        from ..probes.capture_files import load_capture

        try:
            captured = load_capture(path, max_bytes=MAX_READ_BYTES)
            if captured.metadata.get("key") != record.key:
                return content  # of an answer that was replaced
            data = json_bytes(probe_data(captured))
        except (UsageError, KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError) as error:
            self._faults.append(f"{path.name}: {error}")
            return content
        if self._bytes + len(data) > MAX_PAGE_BYTES:
            self._beyond += 1
            return content
        self._bytes += len(data)
        return content[:-1] + b',"probe":' + data + b"}"

    def notices(self) -> list[dict[str, str]]:
        """Sentences on captures that the page does not show."""
        found = []
        if self._faults:
            more = f", and {len(self._faults) - 1} more" if len(self._faults) > 1 else ""
            found.append({"level": "warning", "text": f"A capture cannot be shown: {self._faults[0]}{more}."})
        if self._beyond:
            are = "1 capture is" if self._beyond == 1 else f"{self._beyond:,} captures are"
            found.append({"level": "info", "text": f"{are} too large for this page: see {FOLDER}/."})
        return found


def probe_data(captured: Capture) -> dict[str, Any]:
    """Return the fields of `Probe`. Raises KeyError, TypeError or ValueError for a capture of another kind."""
    start, texts = captured.n_prompt, captured.token_texts
    if not start or texts is None or len(texts) != len(captured.token_ids):
        raise ValueError("it has no prompt, or no texts of its tokens")
    notes, call = [str(note) for note in captured.metadata.get(NOTES, [])], captured.metadata[CALL]
    if type(call) is not int or call < 0:
        raise ValueError(f"its call is {call!r}, not a position in the transcript")
    rows = slice(start - 1, len(texts) - 1)  # row i predicts token i of the answer
    return {
        "call": call,
        "tokens": list(texts),
        "start": start,
        "logprobs": [_number(value) for value in captured["token_logprobs"][start:]],
        "lens": _lens(captured, rows, notes),
        "attention": _attention(captured, rows, notes),
        "notes": notes,
    }


def _lens(captured: Capture, rows: slice, notes: list[str]) -> dict[str, Any] | None:
    if "lens_top_ids" not in captured.arrays:
        return None
    if rows.stop - rows.start > MAX_ANSWER:
        notes.append(f"The lens of more than {MAX_ANSWER} tokens is not in this page; it is in {FOLDER}/.")
        return None
    texts = {str(token): str(text) for token, text in captured.metadata[TEXTS].items()}
    ids = captured["lens_top_ids"][:, rows]
    logprobs, came = captured["lens_top_logprobs"][:, rows], captured["lens_token_logprobs"][:, rows.start + 1 :]
    return {
        "top": [
            [
                [[texts[str(t)], _probability(p)] for t, p in zip(*cell, strict=True)]
                for cell in zip(*depth, strict=True)
            ]
            for depth in zip(ids.tolist(), logprobs.tolist(), strict=True)
        ],
        "came": [[_probability(value) for value in depth] for depth in came.tolist()],
    }


def _attention(captured: Capture, rows: slice, notes: list[str]) -> dict[str, Any] | None:
    """Weights as bytes: the square root of a weight times 255, rounded, so that small ones stay visible."""
    if "attention_weights" not in captured.arrays:
        return None
    import numpy as np

    weights, layers = captured["attention_weights"][:, :, rows], captured["attention_layers"]
    if len(layers) != len(weights):
        raise ValueError(f"it has the attention of {len(weights)} layers, and names {len(layers)}")
    averaged = weights.size > MAX_ATTENTION_BYTES
    if averaged:
        weights = weights.mean(axis=1, keepdims=True)
    if weights.size > MAX_ATTENTION_BYTES:
        notes.append(f"The attention of a text of this length is not in this page; it is in {FOLDER}/.")
        return None
    coded = np.rint(np.sqrt(np.clip(np.nan_to_num(weights), 0, 1)) * 255).astype(np.uint8)
    return {
        "layers": [int(layer) for layer in layers],
        "heads": int(weights.shape[1]),
        "averaged": averaged,  # over the heads, which were too many for a page
        "data": base64.b64encode(coded.tobytes()).decode("ascii"),  # [layers, heads, answer tokens, tokens]
    }


def _probability(logprob: float) -> float:
    return float(f"{math.exp(min(logprob, 0.0)):.3g}")


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
