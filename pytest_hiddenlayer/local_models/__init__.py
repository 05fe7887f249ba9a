"""Models held in this process, within a limit of memory. Imports `errors` only.

pool        which models are loaded: equal ones once, the least recently used idle one unloaded for another
states      one model: how it is loaded, and the requests that wait for it
sizes       sizes of memory, written and shown
system      how much memory this machine has
"""

from .pool import LocalModels, ModelHandle
from .sizes import parse_size, size_text
from .states import HeldModel, ModelSource

__all__ = ["HeldModel", "LocalModels", "ModelHandle", "ModelSource", "parse_size", "size_text"]
