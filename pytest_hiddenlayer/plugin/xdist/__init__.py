"""pytest-xdist: workers send their calls to the controller, which holds every model, limit, budget and cache."""
