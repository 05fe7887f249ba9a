"""Processes for computations that data controls: within a limit of time and memory, and killed beyond it."""
