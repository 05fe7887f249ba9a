"""`choice`: the output names the correct one of several lettered options."""

from __future__ import annotations

from dataclasses import dataclass

from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import TARGET_DECIDES
from ..multiple_choice.answers import named_letters
from ..multiple_choice.options import MAX_OPTIONS, options_in, same_text
from .extract import WHOLE, Extract, truncate
from .messages import compared, listed, no_target, not_found


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Scores 1 if the output names the target's option by letter or text, else 0.

    The options are the sample's `choices`, or the lettered list at the end of its input.
    The target is a letter ('B', '(B)') or an option's text. An output that names several
    options without settling on one scores 0, and the explanation says so.
    """

    extract: Extract = WHOLE

    name = "choice"
    capabilities = TARGET_DECIDES
    version = "2"
    pass_score = 1.0
    needs_target = True

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the letter that the output names, or None if it names none or several."""
        letters = self._letters(output, sample)
        return letters[0] if len(letters) == 1 else None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1 or 0; unscored if the target is not one of the options."""
        if not sample.targets:
            return no_target()
        if len(sample.choices) > MAX_OPTIONS:
            return Score(value=None, explanation=f"{len(sample.choices)} choices, but only A to Z can be named")
        options = _options(sample)
        correct = sorted({letter for target in sample.targets for letter in _target_letters(target, options)})
        if not correct:
            names = ", ".join(options) or "a letter"
            return Score(value=None, explanation=f"the target {listed(sample.targets)} is not one of {names}")
        letters = self._letters(output, sample)
        if len(letters) != 1:
            return not_found(f"found several: {', '.join(letters)}" if letters else "found no option", correct)
        return compared(letters[0], correct, letters[0] in correct)

    def _letters(self, output: str, sample: Sample) -> list[str]:
        text = self.extract.apply(output)
        return named_letters(truncate(text, self.extract.take), _options(sample)) if text else []


def _options(sample: Sample) -> dict[str, str]:
    """Letter → text; empty if neither `choices` nor the input lists options."""
    if sample.choices:
        return {chr(ord("A") + index): text for index, text in enumerate(sample.choices[:MAX_OPTIONS])}
    if isinstance(sample.input, str):
        return options_in(sample.input)
    return options_in("\n".join(message.content for message in sample.input))


def _target_letters(target: str, options: dict[str, str]) -> list[str]:
    """The target if it is a letter, else the letters of the options with its text."""
    by_text = [letter for letter, text in options.items() if same_text(text, target)]
    letter = target.strip().strip("()[].:").upper()
    is_letter = len(letter) == 1 and (letter in options if options else "A" <= letter <= "Z")
    return [letter] if is_letter else by_text
