"""Whether a confidence matches accuracy, and whether it ranks right answers above wrong ones. Imports `estimate`."""
