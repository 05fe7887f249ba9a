"""`load_probe_model`: a local model whose inside can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..types import Message

if TYPE_CHECKING:
    from ..probes.capture import Capture
    from ..probes.verification import Verification


class ProbeModel:
    """A loaded mlx model with its tokenizer. `model` is the module of mlx-lm, for `ModelHooks`."""

    def __init__(self, name: str | None = None) -> None:
        from ..models import BUNDLED
        from ..providers.mlx.provider import load_model

        self.name = name or BUNDLED
        loaded, self.fingerprint = load_model(name)
        self.model, self.tokenizer = loaded.model, loaded.tokenizer

    def verify(self) -> Verification:
        """Return what was measured on this model, and which probes it allows; measured once."""
        from ..probes.verification import verify

        return verify(self.model)

    def capture(
        self,
        prompt: str | Sequence[Mapping[str, str]],
        *,
        answer: str = "",
        what: Iterable[str] = ("token_logprobs",),
        **options: Any,
    ) -> Capture:
        """Return arrays of one forward pass over a prompt and its answer, which is given, not generated.

        `prompt` is a text (a user's message) or messages with `role` and `content`, rendered by the chat template.
        `what` and `options` as of `probes.capture.capture`: `layers`, `top`, `max_bytes`. Raises ProbeError for what
        this model does not allow or what is too large, and UsageError for a wrong argument.
        """
        from ..probes.capture import capture

        prompt_ids = self.tokenizer.prompt_ids(_messages(prompt))
        ids = [*prompt_ids, *(self.tokenizer.encode(answer) if answer else [])]
        return capture(
            self.model,
            ids,
            what,
            n_prompt=len(prompt_ids),
            token_texts=[self.tokenizer.token_text(token) for token in ids],
            metadata={"model": self.name, "fingerprint": self.fingerprint},
            **options,
        )


def load_probe_model(name: str | None = None) -> ProbeModel:
    """Return a model loaded for probes: the bundled one, or a name as for `--model`.

    Raises UsageError if it does not exist, and ProviderUnavailableError without mlx.
    """
    return ProbeModel(name)


def _messages(prompt: str | Sequence[Mapping[str, str]]) -> list[Message]:
    if isinstance(prompt, str):
        return [Message(role="user", content=prompt)]
    try:
        return [Message(role=message["role"], content=message["content"]) for message in prompt]
    except (KeyError, TypeError) as error:
        raise UsageError("prompt: a message lacks `role` or `content`: pass a text or such messages") from error
