"""Code of users that the package calls: strategies, scorers and providers. `errors` shows where it failed."""
