"""Items of task files that run no user code in pytest's thread, at the lowest cost.

Such an item only waits for its answer: strategies and scorers run in the engine. What pytest does around each
phase for the sake of a test's code has no effect on it and is left out. Hooks of the user and of other plugins
are called as for any item.

hooks             the hooks of an item, without those that have no effect
logs              what is logged meanwhile
garbage           Python's garbage collector, less often
reports           the reports of passed phases
"""
