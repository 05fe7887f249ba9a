"""The cases that a session asks for, and what is counted and printed of its records."""
