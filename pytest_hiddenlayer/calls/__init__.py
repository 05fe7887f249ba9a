"""One model call, from a strategy's request to the provider's attempt."""
