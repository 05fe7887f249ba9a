"""The cases that a session asks for, and the records that its end speaks of."""
