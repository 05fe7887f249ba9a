"""One process holds the models; xdist workers send their calls to it over a socket."""
