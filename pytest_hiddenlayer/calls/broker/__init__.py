"""One process holds the models; xdist's workers send their calls to it over a socket."""
