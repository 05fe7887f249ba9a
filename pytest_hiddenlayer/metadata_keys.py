"""Keys of `Record.answer_metadata` that the engine writes and the results read."""

SCORING_CALLS = "scoring_calls"
"""How many calls at the end of the transcript the scorers made; absent if they made none."""
ROUND_SCORES = "round_scores"
"""{role: {round: {score, right, answer}}}; absent if no agent spoke in two rounds."""
RESUMED_FROM = "resumed_from"
"""Id of the run that the answer was first made in; absent if this run made it."""
