"""One session, shared by pytest, the `hiddenlayer` command and Python: all give the same files and verdicts.

    written_options   what the user wrote → RunOptions
    task_paths        where task files are looked for
    conftests         the user's conftest.py, without pytest
    session           tasks → cells; the engine and the run log, opened when first needed
    cell_config       what a cell's gate and report need to know before it runs
    baselines         what each cell is compared with
    early_stopping    cells that may stop before their last epoch
    outcomes          what a record means: right, wrong, a failure, an error
    conclusion        metrics → gates → snapshots → summary and manifest

Imports everything below it; no module here imports pytest, prints or reads `sys.argv`.
"""
