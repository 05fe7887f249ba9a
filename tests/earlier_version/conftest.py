"""The stored folder holds evals of its own, which are no tests."""

collect_ignore = ["0.1.0", "conftest_of_user.py"]
