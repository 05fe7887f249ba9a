"""When a request ends, and what it returns."""

from __future__ import annotations

from ..jobs import GenerationResult, Job
from ..loading import LoadedModel
from ..tokenizers import Tokenizer, token_texts


def end_reason(job: Job, loaded: LoadedModel) -> str | None:
    """Return why the newest token ends a request; None if it does not."""
    if job.token_ids[-1] in loaded.end_ids:
        return "stop"
    if len(job.token_ids) >= job.max_tokens:
        return "length"
    return "stop" if job.stop and _has_stop_text(job, loaded.tokenizer) else None


def _has_stop_text(job: Job, tokenizer: Tokenizer) -> bool:
    """Return whether the newest token completes a stop text; only a tail long enough for it is decoded."""
    tail = job.token_ids[-(max(map(len, job.stop)) * 4 + 8) :]
    text = tokenizer.decode(tail)
    return any(stop in text for stop in job.stop)


def result_of(job: Job, loaded: LoadedModel, reason: str) -> GenerationResult:
    """Return the result of a request that ended for this reason; its text ends before the first stop text."""
    ids = job.token_ids
    spoken = ids[:-1] if ids[-1] in loaded.end_ids else ids
    text = loaded.tokenizer.decode(spoken)
    texts = token_texts(loaded.tokenizer, spoken, text) if job.texts else None
    stops = [index for stop in job.stop if (index := text.find(stop)) >= 0]
    return GenerationResult(
        text=text[: min(stops)] if stops else text,
        finish_reason="stop" if stops else reason,
        token_ids=tuple(ids),
        logprobs=tuple(job.logprobs),
        top_logprobs=tuple(job.alternatives) if job.top else None,
        entropies=tuple(job.entropies) if job.wants_entropies else None,
        token_texts=texts and (*texts, *[""] * (len(ids) - len(spoken))),  # the end token has no text
        shared_tokens=job.shared_tokens,
    )
