"""Labels and reviews by people: questions, sessions, the local page."""
