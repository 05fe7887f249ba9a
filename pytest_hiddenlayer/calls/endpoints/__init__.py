"""Several servers of one model: each call goes to the one that is free, works, and knows its prompt."""
