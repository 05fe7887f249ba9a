"""Hosts: other computers that answer items of a pytest run, through pytest-xdist and execnet.

specs          which `--tx` are hosts
arguments      the command line, as a host reads it
sending        what a run sends to its hosts and their workers
greeting       starts the agent; its source is sent
connecting     opens hosts, has them checked, sends them their files
host           one host, on the controller
models         models that a host answers with, as clients of the controller
heartbeat      hosts that fall silent
losses         hosts that are lost, and what becomes of their items
hooks          the hooks of the controller
agent          on a host: takes the files, and answers with its models
worker         on a host: starts xdist's worker in the files that were sent
channels       between each worker and the controller: records, signs of life
digest         whether all workers collected the same
"""
