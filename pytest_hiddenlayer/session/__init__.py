"""One session, shared by pytest, the `hiddenlayer` command and Python: all give the same files and verdicts.

    written_options   what the user wrote → RunOptions
    task_paths        where task files are looked for
    conftests         the user's conftest.py, without pytest
    session           tasks → cells; the engine and the run log, opened when first needed
    eval_run          the result of one run, as Python and the command see it
    cell_config       what a cell's gate and report need to know before it runs
    baselines         what each cell is compared with
    early_stopping    cells that may stop before their last epoch
    gating            which cells are judged, and what is printed about the others
    policy            the options of the gates
    outcomes          what a record means: right, wrong, a failure, an error
    progress          how far the run is, in one line
    interruption      SIGTERM ends a run as Ctrl-C does
    conclusion        metrics → gates → snapshots → summary and manifest
    writing           checks that files can be written, and what could not be
    text              what a terminal shows of a concluded session

Imports everything below it; no module here imports pytest, prints or reads `sys.argv`.
"""
