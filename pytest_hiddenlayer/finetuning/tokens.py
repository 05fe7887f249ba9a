"""Examples as token ids, and which of them are learned: those of the answer, and the token that ends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..providers.mlx.tokenizers import Tokenizer
from ..types import Message
from .examples import Example, group_of


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRow:
    """One example as the model reads it. The tokens from `start` on are learned; there is at least one."""

    ids: tuple[int, ...]
    start: int  # index of the first token of the answer, at least 1
    group: str
    source: str

    @property
    def learned(self) -> int:
        """How many tokens the loss counts."""
        return len(self.ids) - self.start


def token_rows(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    end_ids: Collection[int],
    *,
    max_length: int,
    long: str,
) -> tuple[tuple[TokenRow, ...], Counter[str]]:
    """Return (the examples as token ids, what happened to those longer than `max_length` tokens, counted).

    With `long="drop"` a longer example is left out; with "truncate" the end of its answer is cut off,
    and it is left out if not even one token of the answer fits; "refuse" raises UsageError. Raises
    UsageError too if the chat template does not keep the question or the answer as it is.
    """
    rows: list[TokenRow] = []
    counts: Counter[str] = Counter()
    for example in examples:
        prompt, answer = prompt_and_answer(example, tokenizer, end_ids)
        length = len(prompt) + len(answer)
        if length > max_length:
            if long == "refuse":
                raise UsageError(
                    f"{example.source}: the example has {length} tokens, the limit is {max_length}: raise "
                    "max_length, shorten the example, or choose to drop or truncate long examples"
                )
            answer = answer[: max(0, max_length - len(prompt))] if long == "truncate" else ()
            counts["truncated" if answer else "dropped"] += 1
        if answer:
            rows.append(
                TokenRow(ids=prompt + answer, start=len(prompt), group=group_of(example), source=example.source)
            )
    return tuple(rows), counts


def prompt_and_answer(
    example: Example, tokenizer: Tokenizer, end_ids: Collection[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return (tokens that the model reads, tokens that it learns to write, the end token included).

    The first are exactly those that the provider sends when it asks the question. If the template's
    complete chat starts with them, the rest is the answer; what follows its first end token is never
    written by a model and is left out. If it does not start with them (some templates add an empty block
    of reasoning to a finished chat), the answer is encoded alone. In both cases the learned tokens must
    decode to the answer. Raises UsageError if they do not.
    """
    prompt = _rendered(example, tokenizer.prompt_ids, example.messages)
    chat = _rendered(
        example, tokenizer.chat_ids, (*example.messages, Message(role="assistant", content=example.answer))
    )
    if not prompt:
        raise UsageError(f"{example.source}: the chat template renders no token; the question is empty: write one")
    if chat[: len(prompt)] == prompt:
        answer = _through_end(chat[len(prompt) :], end_ids)
        if _decodes_to(tokenizer, answer, example.answer):
            return tuple(prompt), tuple(answer)
    answer = _through_end([*tokenizer.text_ids(example.answer)], end_ids)
    if not _decodes_to(tokenizer, answer, example.answer):
        raise UsageError(
            f"{example.source}: the answer {example.answer[:60]!r} is not what its tokens decode to "
            f"({tokenizer.decode(answer)[:60]!r}), so it cannot be learned: remove special tokens from it"
        )
    return tuple(prompt), tuple(answer)


def _rendered(
    example: Example, render: Callable[[Sequence[Message]], list[int]], messages: Sequence[Message]
) -> list[int]:
    try:
        return list(render(messages))
    except Exception as error:  # a chat template may raise any exception: many reject a system message
        raise UsageError(
            f"{example.source}: the model's chat template rejects these messages ({error}); "
            "remove the system message or merge messages of the same role"
        ) from error


def _through_end(ids: Sequence[int], end_ids: Collection[int]) -> list[int]:
    """The tokens up to the first end token, which is added if there is none and the model has one."""
    ends = [index for index, token in enumerate(ids) if token in end_ids]
    if ends:
        return list(ids[: ends[0] + 1])
    return [*ids, *([min(end_ids)] if end_ids else [])]


def _decodes_to(tokenizer: Tokenizer, ids: Sequence[int], answer: str) -> bool:
    """Whether a reader of these tokens sees the answer; templates may change the space around it."""
    return bool(ids) and tokenizer.decode(ids).strip() == answer.strip()
