"""openai/evals: registry YAML, samples in JSONL, and specifications of model-graded evals."""
