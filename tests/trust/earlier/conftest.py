"""The stored folders hold evals of their own, which are no tests."""

collect_ignore_glob = ["*"]
