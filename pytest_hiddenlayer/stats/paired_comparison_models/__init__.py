"""Models of games between pairs of players: Bradley–Terry, Elo, win counts."""
