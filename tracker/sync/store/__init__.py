"""The only writers of what the sources say: trials, studies, and what was set aside."""

from .aside import set_aside
from .facts import store_facts
from .studies import StoredStudies, Told, index_studies, store_studies, studies_matched
from .trials import Stored, back, fold, gone, matched, no_longer_matching, store, storing
from .writing import REFUSALS, STORE_LOCK, refusal

__all__ = [
    "REFUSALS",
    "STORE_LOCK",
    "Stored",
    "StoredStudies",
    "Told",
    "back",
    "fold",
    "gone",
    "index_studies",
    "matched",
    "no_longer_matching",
    "refusal",
    "set_aside",
    "store",
    "store_facts",
    "store_studies",
    "storing",
    "studies_matched",
]
