"""Scorers that ask a judge model.

`llm_judge`, `coherence` and `win_rate` are the scorers. `rubric`, `scale`, `verdict_parser` and
`verdict_objects` define what a judge may reply; `prompt` and `prompt_fields` build its prompt; `call` asks for
one verdict; `judgment` combines the verdicts of one judge, `panel` those of several, `pairwise`
both orders of a pair; `logprob_weighting` weights a verdict by probabilities; `model_families`
detects related models.
"""
