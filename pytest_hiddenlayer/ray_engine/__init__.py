"""`hiddenlayer run --engine ray`: workers on the nodes of a Ray cluster answer the cases of a run.

    choice      the engine of a run: that of this process, or Ray's
    options     what the user wrote → RayOptions
    cluster     a connection to Ray, and what its nodes offer
    staging     the project's files that travel to the workers
    messages    what driver and workers send each other
    worker      answers cases on a node, with models of its own
    shared      the run's budget and response cache, in one process for all workers
    members     the workers as the dispatcher sees them, and the cases that they hold
    dispatcher  hands cases to workers, and those of lost workers to others
    actors      the processes that Ray runs for the driver
    runtime     the driver: a Runtime whose cases are answered by workers

The driver alone plans cases, writes the run log and judges the gates. Ray is imported on first use.
"""
