"""--hl-probe: at the end of a run, its answers are read by their models again."""

from __future__ import annotations

from ..analysis.probing.probe_run import probe_run
from ..errors import HiddenLayerError
from .session import Session


def probe_answers(session: Session) -> None:
    """Write the captures of the run. The providers are closed first, so that no model is in memory twice.

    What cannot be read is said, and takes no result down with it.
    """
    session.release_batches()
    session.close_providers()
    folder = session.run_log.folder
    with session.write_faults.writing("captures of", folder, asked_for=True):
        try:
            result = probe_run(folder, what=session.options.probe)
        except HiddenLayerError as error:
            session.notify(f"--hl-probe: {error}")
            return
        for sentence in result.sentences():
            session.notify(f"--hl-probe: {sentence}")
