"""One model call, from a strategy's request to the provider's attempt. Imports nothing of `engine`.

client      the client of one model; pool holds all clients of a run, factory opens them
resources   what the clients of a run share
cache_key   what identifies a call
limiter     calls in flight; retry: attempts and deadlines; checks: warnings about a completion
access      ends the calls to a server that refuses the key
reported_values  what a provider reports, checked before it is counted
cost/       prices and the budget
cache/      the response cache
cassettes/  recorded calls
batch/      the vendors' batch APIs
broker/     one process that holds the models for all xdist workers
"""
