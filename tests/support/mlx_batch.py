"""Jobs and a loop for tests of the batch of the mlx provider."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.providers.mlx.decoding.batch import Batch
from pytest_hiddenlayer.providers.mlx.jobs import Job
from pytest_hiddenlayer.providers.mlx.loading import LoadedModel
from pytest_hiddenlayer.types import Message


def ids_of(loaded: LoadedModel | BatchThread, text: str) -> list[int]:
    return loaded.tokenizer.prompt_ids([Message(role="user", content=text)])


def job(prompt_ids: Sequence[int], seed: int = 0, *, temperature: float = 1.0, max_tokens: int = 12) -> Job:
    return Job(
        prompt_ids=list(prompt_ids),
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=1.0,
        stop=(),
        seed=seed,
        top=0,
        wants_entropies=False,
        texts=False,
        loop=None,  # type: ignore[arg-type]
        future=None,  # type: ignore[arg-type]
    )


def decode(batch: Batch, model: object, caches: object, arrivals: dict[int, list[Job]]) -> list[list[int]]:
    """Decode jobs, each of which joins before the step of its number; return their tokens in order of arrival."""
    jobs = [job for group in arrivals.values() for job in group]
    waiting, n_step = dict(arrivals), 0
    while waiting or any(len(job.token_ids) < job.max_tokens for job in jobs):
        for new in waiting.pop(n_step, []):
            if not batch.join(new):
                batch.add(new, caches.make_prompt_cache(model), 0)
        sampled = batch.step()
        for one in sampled:
            one.job.token_ids.append(one.token)
        batch.remove(list({one.job for one in sampled if len(one.job.token_ids) == one.job.max_tokens}))
        n_step += 1
    return [job.token_ids for job in jobs]
