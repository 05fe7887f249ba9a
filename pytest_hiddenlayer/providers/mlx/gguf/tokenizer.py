"""The tokenizer of a GGUF file as `tokenizer.json` and `tokenizer_config.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....errors import UsageError
from .reader import GgufModel

SPACE = "▁"
CONTROL, USER_DEFINED = 3, 4
"""Types of tokens that the text of a prompt is split at first."""
_WORDS = (  # of the GPT-4 family: contractions, letters, up to three digits, punctuation, spaces
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PRE_TOKENIZERS = ("smollm", "gpt-2", "default", "llama-bpe")


def tokenizer_json(model: GgufModel) -> str:
    """Return `tokenizer.json`. Raises UsageError for another kind of tokenizer than BPE on bytes or characters."""
    kind = model.setting("tokenizer.ggml.model")
    builders = {"gpt2": _byte_level, "llama": _sentence_piece}
    if kind not in builders:
        raise UsageError(
            f"{model.path}: its tokenizer is of kind {kind!r}; converted are {', '.join(builders)}. "
            "Use the model's MLX or Hugging Face folder"
        )
    tokens = list(model.setting("tokenizer.ggml.tokens"))
    kinds = list(model.setting("tokenizer.ggml.token_type"))
    try:
        tokenizer = builders[kind](model, tokens)
        _add_tokens(tokenizer, [(t, k) for t, k in zip(tokens, kinds, strict=True) if k in (CONTROL, USER_DEFINED)])
        return str(tokenizer.to_str())
    except UsageError:
        raise
    except Exception as error:  # the library raises plain exceptions
        raise UsageError(f"{model.path}: its tokenizer is damaged: {error}; fetch the file again") from error


def _add_tokens(tokenizer: Any, tokens: Sequence[tuple[str, int]]) -> None:
    """Add the tokens that a prompt is split at first. The model's vocabulary holds them already."""
    from tokenizers import AddedToken

    added = [AddedToken(token, special=kind == CONTROL, normalized=False) for token, kind in tokens]
    tokenizer.add_special_tokens([token for token in added if token.special])
    tokenizer.add_tokens([token for token in added if not token.special])


def _byte_level(model: GgufModel, tokens: Sequence[str]) -> Any:
    """Byte-level BPE, with the merges of the file."""
    from tokenizers import Tokenizer, decoders, models

    merges = [tuple(merge.split(" ", 1)) for merge in model.setting("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = _pre_tokenizer(model)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentence_piece(model: GgufModel, tokens: Sequence[str]) -> Any:
    """BPE on characters, with bytes for unknown ones, as SentencePiece: the highest score merges first."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    unknown = tokens[int(model.setting("tokenizer.ggml.unknown_token_id", 0))]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    merges = _merges(vocabulary, list(model.setting("tokenizer.ggml.scores")))
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    space = [normalizers.Replace(" ", SPACE)]
    prefixed = bool(model.setting("tokenizer.ggml.add_space_prefix", True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), *space] if prefixed else space)
    parts = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)] if prefixed else parts)
    return tokenizer


def _merges(vocabulary: Mapping[str, int], scores: Sequence[float]) -> list[tuple[str, str]]:
    """Every pair of tokens that together are a token, those of the highest score first."""
    pairs = [
        (-scores[i], i, token[:split], token[split:])
        for token, i in vocabulary.items()
        for split in range(1, len(token))
        if token[:split] in vocabulary and token[split:] in vocabulary
    ]
    return [(left, right) for _, _, left, right in sorted(pairs)]


def _pre_tokenizer(model: GgufModel) -> Any:
    from tokenizers import Regex, pre_tokenizers

    name = model.setting("tokenizer.ggml.pre", "default")
    if name in ("gpt-2", "default"):
        return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "smollm":  # single digits, then words
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
    if name == "llama-bpe":
        return pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    raise UsageError(
        f"{model.path}: its text is split by the rules {name!r}, which are not known; known are "
        f"{', '.join(PRE_TOKENIZERS)}. Use the model's MLX or Hugging Face folder"
    )


def tokenizer_config(model: GgufModel) -> dict[str, Any]:
    """Return the content of `tokenizer_config.json`."""
    tokens = model.setting("tokenizer.ggml.tokens")
    config: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")):
        if (token := model.settings.get(f"tokenizer.ggml.{key}_token_id")) is not None and int(token) < len(tokens):
            config[f"{name}_token"] = tokens[int(token)]
    template = model.settings.get("tokenizer.chat_template")
    return config if template is None else {**config, "chat_template": template}
