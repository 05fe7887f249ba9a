"""From a case to a record: expanding, seeding, asking, scoring."""
