"""One session, shared by pytest, the command and Python: plan cells, run them, conclude."""
