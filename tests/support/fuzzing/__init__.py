"""Damaged files of every kind that is read, and the commands that must survive them.

damages      changes of bytes, of lines and of values
seeds        a project with a file of every kind
run_seeds    runs of this project
conversions  files of other tools
commands     commands that read files
kinds        which commands read which file
cases        runs commands on damaged files, each in a process with limits
file_targets readers of files, for any bytes
text_targets what holds for any text of a model or a file
beginnings   what the fuzzer begins with
guided       fuzzes both with atheris
"""
