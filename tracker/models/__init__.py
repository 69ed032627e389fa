"""The stored evidence. One module a subject; import from here."""

from .changes import ChangeEvent
from .maturity import Maturity
from .registry import (
    RegistryDescription,
    RegistryQuery,
    SetAside,
    SyncRun,
    Trial,
    TrialAlias,
    TrialMatch,
    TrialVersion,
)
from .vocabulary import Annotation

__all__ = [
    "Annotation",
    "ChangeEvent",
    "Maturity",
    "RegistryDescription",
    "RegistryQuery",
    "SetAside",
    "SyncRun",
    "Trial",
    "TrialAlias",
    "TrialMatch",
    "TrialVersion",
]
