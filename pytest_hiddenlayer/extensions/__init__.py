"""Code of users that the package calls: `errors` shows where it failed, `secret_masking` keeps keys out of texts."""
