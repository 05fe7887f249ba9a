"""The tokenizer, a byte-level BPE with single digits, and the chat format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .families import Chat
from .mixture import chunk, system_of

VOCABULARY = 1024
END, SYSTEM, USER, ASSISTANT = "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
SPECIALS = [END, SYSTEM, USER, ASSISTANT]
TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
TRAINED_ON = 12  # chunks of text from which the merges are learnt
CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class Encoded:
    """One chat in tokens; the loss excludes the first `prompt` of them."""

    ids: list[int]
    prompt: int


def train_tokenizer(seed: int) -> Tokenizer:
    """Return a tokenizer trained on the first chunks of the training text."""
    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(seed), trainer)
    return tokenizer


def _texts(seed: int) -> Iterator[str]:
    for number in range(TRAINED_ON):
        for _, chat in chunk(seed, number):
            yield chat.prompt
            yield chat.answer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json."""
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def encode_chunk(tokenizer: Tokenizer, seed: int, number: int) -> list[Encoded]:
    """Return one chunk of the training text in tokens, without chats longer than the context."""
    chats = [chat for _, chat in chunk(seed, number)]
    systems = [system_of(seed, number, index) for index in range(len(chats))]
    prompts = tokenizer.encode_batch(
        [render(chat, system) for chat, system in zip(chats, systems, strict=True)], add_special_tokens=False
    )
    answers = tokenizer.encode_batch([chat.answer + END for chat in chats], add_special_tokens=False)
    encoded = [Encoded(p.ids + a.ids, len(p.ids)) for p, a in zip(prompts, answers, strict=True)]
    return [chat for chat in encoded if len(chat.ids) <= CONTEXT]


def render(chat: Chat, system: str = "") -> str:
    """Return the text up to the start of the assistant's turn."""
    system_turn = f"{SYSTEM}{system}{END}" if system else ""
    return f"{system_turn}{USER}{chat.prompt}{END}{ASSISTANT}"


def prompt_ids(tokenizer: Tokenizer, chats: Sequence[Chat]) -> list[list[int]]:
    """Return the tokens of each prompt, up to the start of the assistant's turn."""
    return [e.ids for e in tokenizer.encode_batch([render(chat) for chat in chats], add_special_tokens=False)]
