"""Thresholds of cascades and routers: learnt on one half of a stored run, reported on the other half."""
