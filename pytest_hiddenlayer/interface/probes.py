"""`load_probe_model`: a local model for probes and interventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..types import Message

if TYPE_CHECKING:
    from ..probes.capture import Capture
    from ..probes.interventions.steering import Steering
    from ..probes.verification import Verification


class ProbeModel:
    """A loaded mlx model with its tokenizer.

    `model` is the module of mlx-lm, for `ModelHooks` and the functions of patching, ablation and steering;
    `fingerprint` is that of its files.
    """

    def __init__(self, name: str | None = None) -> None:
        from ..models import BUNDLED
        from ..providers.mlx.model_files import load_model

        self.name = (name or "").removeprefix("mlx:") or BUNDLED
        loaded, self.fingerprint = load_model(name)
        self.model, self.tokenizer, self.end_ids = loaded.model, loaded.tokenizer, loaded.end_ids

    def __repr__(self) -> str:
        return f"ProbeModel({self.name!r}, n_layers={self.n_layers})"

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        from ..probes.structure import structure_of

        return len(structure_of(self.model).blocks)

    def verify(self) -> Verification:
        """Return what was measured on this model, and which probes it allows; measured once."""
        from ..probes.verification import verify

        return verify(self.model)

    def capture(
        self,
        prompt: str | Sequence[Mapping[str, str]],
        *,
        answer: str = "",
        what: str | Iterable[str] = ("token_logprobs",),
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

    def prompt_ids(self, text: str) -> list[int]:
        """Return the token ids of a user's message in the chat template, up to where the answer starts."""
        return list(self.tokenizer.prompt_ids(_messages(text)))

    def text_ids(self, text: str) -> list[int]:
        """Return the token ids of plain text, without a template."""
        return list(self.tokenizer.encode(text))

    def token_texts(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each token by itself; special tokens have one too."""
        return [self.tokenizer.token_text(token) for token in ids]

    def activations(self, prompts: Sequence[Sequence[int]], *, site: str = "residual_post") -> dict[int, Any]:
        """Return layer → array [prompts, tokens, width] in single precision, of prompts with equally many tokens."""
        from ..probes.activations import activations

        return activations(self.model, prompts, site=site)

    def early_tokens(self, prompts: Sequence[Sequence[int]]) -> Any:
        """Return the likeliest next token ids [layers, prompts, tokens] by the logit lens of each layer."""
        from ..probes.activations import early_tokens

        return early_tokens(self.model, prompts)

    def generate(self, text: str, steering: Steering | None = None, *, max_tokens: int = 64) -> str:
        """Return the greedy answer to a user's message, steered if asked; other ways: `generate_steered`."""
        from ..probes.interventions.generation import generate_steered

        ids = self.prompt_ids(text)
        generated = generate_steered(self.model, ids, steering, max_tokens=max_tokens, end_ids=self.end_ids)
        return self.tokenizer.decode(generated)


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
