"""Hosts that take part in a run through pytest-xdist: what each lacks, found out before anything is spent."""
