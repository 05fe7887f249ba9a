"""Ratings from games between pairs of players: Bradley–Terry, Elo, intervals, and which games to play next."""
