"""The parts of the `hiddenlayer` command, one module each."""
