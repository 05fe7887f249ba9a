"""The two tokenizers of a model folder: one read by the `tokenizers` library, one by transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ...io.json_text import decode_json
from ...types import Message

_TEMPLATE_FUNCTIONS = ("raise_exception", "strftime_now", "tojson", "{% generation")  # only transformers has them


class Tokenizer(Protocol):
    """The methods of a tokenizer that generation needs."""

    @property
    def has_chat_template(self) -> bool:
        """Whether the model says how messages become a prompt."""
        ...

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Return the token ids of the rendered chat template, up to the start of the assistant's message."""
        ...

    def chat_ids(self, messages: Sequence[Message]) -> list[int]:
        """Return the token ids of a complete chat, the end of its last message included."""
        ...

    def text_ids(self, text: str) -> list[int]:
        """Return the token ids of a plain text, without special tokens around it."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of these ids without special tokens."""
        ...

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without special tokens around it."""
        ...

    def token_text(self, token_id: int) -> str:
        """Return the text of one token by itself; special tokens have one too."""
        ...


def token_texts(tokenizer: Tokenizer, ids: Sequence[int], text: str) -> tuple[str, ...] | None:
    """Return the text of each token; together they are `text`, which these ids decode to.

    A character of several tokens belongs to the last of them. None if the tokenizer's texts do not join.
    """
    texts: list[str] = []
    context, start = 0, 0  # tokens before `start` have their text; those from `context` on are decoded with the next
    for end in range(1, len(ids) + 1):
        before, whole = tokenizer.decode(ids[context:start]), tokenizer.decode(ids[context:end])
        if whole.endswith("\ufffd"):  # perhaps half a character
            texts.append("")
        else:
            texts.append(whole[len(before) :])
            context, start = start, end
    joined = "".join(texts)
    if not text.startswith(joined):
        return None
    if texts:
        texts[-1] += text[len(joined) :]
    return tuple(texts)


def is_plain(folder: Path) -> bool:
    """Return whether the `tokenizers` library reads this folder's tokenizer exactly as transformers does."""
    try:
        config = decode_json((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        tokenizer = decode_json((folder / "tokenizer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    template = config.get("chat_template")
    return (
        config.get("tokenizer_class") == "PreTrainedTokenizerFast"
        and isinstance(template, str)
        and not any(word in template for word in _TEMPLATE_FUNCTIONS)
        and not any(isinstance(config.get(f"{name}_token"), dict) for name in ("bos", "eos", "pad", "unk"))
        and not config.get("clean_up_tokenization_spaces")
        and tokenizer.get("post_processor") is None
        and (folder / "model.safetensors").is_file()
    )


class PlainTokenizer:
    """A tokenizer read by the `tokenizers` library; the chat template is rendered as in transformers."""

    has_chat_template = True

    def __init__(self, folder: Path) -> None:
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment
        from tokenizers import Tokenizer as LibraryTokenizer

        config = decode_json((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self._tokenizer = LibraryTokenizer.from_file(str(folder / "tokenizer.json"))
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        self._template = environment.from_string(config["chat_template"])
        self._specials = {
            key: config[key] for key in ("bos_token", "eos_token", "pad_token") if isinstance(config.get(key), str)
        }
        end = self._tokenizer.token_to_id(self._specials.get("eos_token", ""))
        self.end_ids = frozenset(() if end is None else (end,))

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """See `Tokenizer`."""
        return self.text_ids(self._rendered(messages, add_generation_prompt=True))

    def chat_ids(self, messages: Sequence[Message]) -> list[int]:
        """See `Tokenizer`."""
        return self.text_ids(self._rendered(messages, add_generation_prompt=False))

    def text_ids(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _rendered(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return self._template.render(messages=chat, add_generation_prompt=add_generation_prompt, **self._specials)

    def decode(self, ids: Sequence[int]) -> str:
        """See `Tokenizer`."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def encode(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def token_text(self, token_id: int) -> str:
        """See `Tokenizer`."""
        text: str = self._tokenizer.decode([token_id], skip_special_tokens=False)
        return text


class TransformersTokenizer:
    """The tokenizer of mlx-lm, which wraps that of transformers."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.has_chat_template = bool(tokenizer.has_chat_template)

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """See `Tokenizer`. Without a chat template the messages are joined by line ends."""
        if not self.has_chat_template:
            text = "\n".join(m.content for m in messages)
            return list(self._tokenizer.encode(text))
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return list(self._tokenizer.apply_chat_template(chat, add_generation_prompt=True))

    def chat_ids(self, messages: Sequence[Message]) -> list[int]:
        """See `Tokenizer`. Without a chat template the messages are joined by line ends."""
        if not self.has_chat_template:
            return list(self._tokenizer.encode("\n".join(m.content for m in messages)))
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return list(self._tokenizer.apply_chat_template(chat, add_generation_prompt=False))

    def text_ids(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: Sequence[int]) -> str:
        """See `Tokenizer`."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def encode(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def token_text(self, token_id: int) -> str:
        """See `Tokenizer`."""
        text: str = self._tokenizer.decode([token_id], skip_special_tokens=False)
        return text
