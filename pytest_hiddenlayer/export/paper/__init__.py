"""A paper that compiles: its tables, figures, numbers and methods come from a run, its text is the author's."""
