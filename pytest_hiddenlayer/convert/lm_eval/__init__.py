"""Tasks of lm-evaluation-harness, YAML."""
