"""`probe_run`: reads the answers of a finished run again, and writes one file of arrays per record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ProbeError
from ...identifiers import controlled
from ...probes.run_files import CALL, NOTES, TEXTS, probe_path
from ...providers.mlx.model_files import load_model
from ...results.log.run_log import read_records
from ...types import Record
from .answer_call import AnswerCall, answer_call

if TYPE_CHECKING:
    from ...probes.capture import Capture
    from ...providers.mlx.loading import LoadedModel
    from ...providers.mlx.tokenizers import Tokenizer

DEFAULT_WHAT = ("lens", "attention_weights")


@dataclass(kw_only=True, slots=True)
class ProbedRun:
    """What was written, and what was left out."""

    files: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  # why → records
    notes: Counter[str] = field(default_factory=Counter)  # what a file says of itself → files

    def sentences(self) -> list[str]:
        """Return a sentence per reason for which a record has no file or a file lacks something."""
        left_out = [f"{_records(n)} left out: {why}" for why, n in self.skipped.most_common()]
        return left_out + [f"{_records(n)}: {note}" for note, n in self.notes.most_common()]


def _records(n: int) -> str:
    return "1 record" if n == 1 else f"{n:,} records"


def probe_run(
    folder: Path,
    *,
    what: Sequence[str] = DEFAULT_WHAT,
    selected: Callable[[Record], bool] = lambda record: True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ProbedRun:
    """Read the answers of the run in `folder` again, one forward pass each, and write their files.

    Only answers of provider mlx are read; each model is loaded once. A later record of the same sample and epoch
    replaces an earlier one. `progress` gets the records done and their number. Raises UsageError if a model cannot
    be loaded, and OSError if a file cannot be written.
    """
    result = ProbedRun()
    records = [record for record in _latest(read_records(folder)) if selected(record)]
    by_model: dict[str, list[Record]] = {}
    for record in records:
        if record.provider == "mlx":
            by_model.setdefault(record.model, []).append(record)
        else:
            result.skipped[f"provider {record.provider} does not show what is inside its model; mlx does"] += 1
    done = len(records) - sum(map(len, by_model.values()))
    for model, of_model in by_model.items():
        loaded: tuple[LoadedModel, str] | None = None
        for record in of_model:
            try:
                call = answer_call(record)
                loaded = loaded or load_model(model)
                path = probe_path(folder, record)
                for note in _probe(loaded, record, call, what, path):
                    result.notes[note] += 1
                result.files.append(path)
            except ProbeError as error:
                result.skipped[str(error)] += 1
            done += 1
            progress(done, len(records))
    return result


def _probe(
    model: tuple[LoadedModel, str], record: Record, call: AnswerCall, what: Sequence[str], path: Path
) -> Sequence[str]:
    """Write one file, and return notes on what it lacks or on how it differs from the answer."""
    from ...probes.capture import capture
    from ...probes.capture_files import save_capture
    from ...probes.verification import verify

    loaded, fingerprint = model
    tokenizer, refused = loaded.tokenizer, verify(loaded.model).refused
    prompt_ids, answer_ids = tokenizer.prompt_ids(call.messages), tokenizer.encode(call.completion)
    ids = [*prompt_ids, *answer_ids]
    notes = [
        *_differences(call, len(answer_ids)),
        *(f"{name} is missing: {refused[name]}" for name in what if name in refused),
    ]
    captured = capture(
        loaded.model,
        ids,
        {"token_logprobs", *what} - refused.keys(),
        n_prompt=len(prompt_ids),
        token_texts=[tokenizer.token_text(token) for token in ids],
        metadata={
            "model": record.model,
            "fingerprint": fingerprint,
            "key": record.key,
            CALL: call.position,
            NOTES: notes,
        },
    )
    path.parent.mkdir(exist_ok=True)
    save_capture(_with_lens_texts(captured, tokenizer), path)
    return notes


def _with_lens_texts(captured: Capture, tokenizer: Tokenizer) -> Capture:
    """The capture with the texts of its lens's tokens, so that a reader needs no tokenizer."""
    if "lens_top_ids" not in captured.arrays:
        return captured
    named = {int(token) for token in captured["lens_top_ids"].flat}
    texts = {str(token): tokenizer.token_text(token) for token in sorted(named)}
    return replace(captured, metadata={**captured.metadata, TEXTS: texts})


def _differences(call: AnswerCall, n_tokens: int) -> list[str]:
    """Notes on how the text, tokenized again, differs from the tokens that the model wrote."""
    expected = None if call.output_tokens is None else call.output_tokens - call.ended
    if expected is None or expected == n_tokens:
        return []
    return ["the answer has a different number of tokens when its text is tokenized again"]


def _latest(records: Iterable[Record]) -> Iterator[Record]:
    """The last record of each sample and epoch; no control samples of --hl-equal-budget."""
    latest = {(record.cell, record.sample_id, record.epoch): record for record in records}
    return (record for record in latest.values() if controlled(record.label) is None)
