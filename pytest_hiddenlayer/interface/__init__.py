"""Python for notebooks and scripts: single calls, strategies, tasks, the tracker, and finished runs.

Every function works inside a running event loop, such as a notebook's: the engine has its own loop in a
thread. Each has an asynchronous twin whose name begins with `a`.
"""
