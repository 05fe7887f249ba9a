"""Orchestration: planners, workers, layers, searches, routes and tools."""
