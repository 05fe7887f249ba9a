"""Examples as token ids."""

from __future__ import annotations

import pytest
from support.finetuning import example

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.finetuning.tokens import prompt_and_answer, token_rows
from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.tokenizers import PlainTokenizer

END = 0


@pytest.fixture(scope="module")
def tokenizer():
    return PlainTokenizer(bundled_path())


class Reasoning:
    """A template that adds a block of reasoning to finished chats only. A token is a byte."""

    has_chat_template = True

    def prompt_ids(self, messages):
        return self.text_ids("".join(f"<{m.content}>" for m in messages) + "A:")

    def chat_ids(self, messages):
        *asked, last = messages
        return [
            *self.text_ids("".join(f"<{m.content}>" for m in asked) + f"A<think></think>:{last.content}"),
            END,
            10,
        ]

    def text_ids(self, text):
        return list(text.encode())

    def decode(self, ids):
        return bytes(id for id in ids if id != END).decode()


def test_the_prompt_is_what_the_provider_sends(tokenizer):
    """The tokens before the answer are exactly the prompt of a call; learned are the answer and one end token."""
    asked = example("What is 2+2?", "It is 4.", system="Be brief.")
    prompt, answer = prompt_and_answer(asked, tokenizer, {END})
    assert list(prompt) == tokenizer.prompt_ids(asked.messages)
    assert tokenizer.decode(answer) == "It is 4."
    assert answer[-1] == END
    assert answer.count(END) == 1


def test_a_template_whose_prompt_is_no_prefix():
    """If a finished chat does not start with the prompt, the answer is learned after the prompt as it is sent."""
    tokenizer = Reasoning()
    prompt, answer = prompt_and_answer(example("Hi", "Good day"), tokenizer, {END})
    assert bytes(prompt) == b"<Hi>A:"
    assert bytes(answer) == b"Good day\0"


def test_what_follows_the_end_token_is_not_learned():
    """A line end that the template writes after the end token is never learned: no model writes it."""
    tokenizer = Reasoning()
    tokenizer.prompt_ids = lambda messages: tokenizer.text_ids("<Hi>A<think></think>:")
    _, answer = prompt_and_answer(example("Hi", "Good day"), tokenizer, {END})
    assert bytes(answer) == b"Good day\0"


def test_an_end_token_inside_an_answer_is_refused(tokenizer):
    """An answer that contains the end token would be learned in part; it is refused by its place."""
    with pytest.raises(UsageError, match=r"^q: the answer .* is not what its tokens decode to"):
        prompt_and_answer(example("q", "one<|end|>two"), tokenizer, {END})


@pytest.mark.parametrize(("long", "n_rows", "counted"), [("drop", 1, "dropped"), ("truncate", 2, "truncated")])
def test_long_examples(tokenizer, long, n_rows, counted):
    """Longer examples are dropped or lose the end of their answer, and are counted; each row has a token to learn."""
    examples = [example("Hi", "yes"), example("Hi", "no " * 50)]
    rows, counts = token_rows(examples, tokenizer, {END}, max_length=20, long=long)
    assert (len(rows), dict(counts)) == (n_rows, {counted: 1})
    assert all(len(row.ids) <= 20 and row.learned > 0 for row in rows)
    assert END not in rows[-1].ids[rows[-1].start :] or long == "drop"


def test_a_prompt_without_room_for_an_answer_is_dropped(tokenizer):
    """A prompt of the largest length leaves no token to learn, and is dropped even if answers are truncated."""
    rows, counts = token_rows([example("Hi " * 50, "yes")], tokenizer, {END}, max_length=20, long="truncate")
    assert (rows, dict(counts)) == ((), {"dropped": 1})


def test_long_examples_may_be_refused(tokenizer):
    """With `refuse`, the place of the example and both lengths are named."""
    with pytest.raises(UsageError, match=r"^Hi: the example has \d+ tokens, the limit is 5"):
        token_rows([example("Hi", "no " * 50)], tokenizer, {END}, max_length=5, long="refuse")
