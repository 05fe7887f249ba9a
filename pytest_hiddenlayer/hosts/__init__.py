"""Hosts that take part in a run through pytest-xdist: what each lacks, found out before anything is spent.

specs          `--tx` and `--px`, as pytest-xdist reads them
needs          what a run needs of its hosts, as it is on this machine
project_files  the files of the project
connection     a gateway of execnet, opened within a time limit
explanations   why a host cannot be reached, and what to do
probe          runs on the host, and answers questions; its source is sent
answers        asks these questions, and checks every answer
analysis       versions, machine, disks and clock against the needs
contents       models and files against those of this machine
commands       what a person types to mend a host
report         what was found
check          one host, or all at once
"""
