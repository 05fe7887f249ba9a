"""The report page while the run goes on, served to this computer only (`--hl-live`).

growing_log   the run log, which grows while it is read
live_index    the samples table; sends only what a page does not have yet
live_run      what is known so far: progress, metrics, records
live_page     the HTML page and its policy
live_server   HTTP
serving       the server of a run, from its first call to its end
"""
