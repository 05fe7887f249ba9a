"""Debates: agents that read each other, with a judge, a moderator or a vote."""
