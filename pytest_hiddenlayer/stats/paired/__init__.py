"""Tests, intervals and power for two runs on the same samples. Imports `estimate`."""
