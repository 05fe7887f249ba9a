"""The records of a large run: on disk as texts, in memory as columns of what metrics and gates read."""
