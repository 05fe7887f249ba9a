"""The tokenizer: a byte-level BPE that takes digits one by one, and the chat it is used on."""

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
TRAINED_ON = 12  # chunks of text that the merges are learnt from
CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class Encoded:
    """One chat in tokens; the first `prompt` of them are not to be learnt."""

    ids: list[int]
    prompt: int


def train_tokenizer(seed: int) -> Tokenizer:
    """A tokenizer whose merges come from the first chunks of the training text."""
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
    """Both files that a loader asks for."""
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
    """One chunk of the training text in tokens, chats that are longer than the context left out."""
    chats = [chat for _, chat in chunk(seed, number)]
    systems = [system_of(seed, number, place) for place in range(len(chats))]
    prompts = tokenizer.encode_batch(
        [render(chat, system) for chat, system in zip(chats, systems, strict=True)], add_special_tokens=False
    )
    answers = tokenizer.encode_batch([chat.answer + END for chat in chats], add_special_tokens=False)
    encoded = [Encoded(p.ids + a.ids, len(p.ids)) for p, a in zip(prompts, answers, strict=True)]
    return [one for one in encoded if len(one.ids) <= CONTEXT]


def render(chat: Chat, system: str = "") -> str:
    """The text up to where the assistant begins."""
    before = f"{SYSTEM}{system}{END}" if system else ""
    return f"{before}{USER}{chat.prompt}{END}{ASSISTANT}"


def prompt_ids(tokenizer: Tokenizer, chats: Sequence[Chat]) -> list[list[int]]:
    """The tokens of prompts, ready for the assistant's turn."""
    return [e.ids for e in tokenizer.encode_batch([render(chat) for chat in chats], add_special_tokens=False)]
