"""The continuous batch of a model: prompts are prefilled, and each step decodes all requests, with or without drafts.

prompts   prompts that wait for their prefill
rows      sequences of tokens in the caches, each for all requests that have it
drafts    tokens that may come next, from earlier texts
batch     one step for all rows
results   when a request ends, and what it returns
"""
