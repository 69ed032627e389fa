"""The stored evidence. One module a subject; import from here."""

from .candidates import Candidate, CandidateAddress, CandidateName, EvidenceLink, LineageLink
from .changes import ChangeEvent
from .curation import HistoryEntry
from .literature import (
    Experiment,
    LiteratureQuery,
    Study,
    StudyAddress,
    StudyFact,
    StudyFile,
    StudyMatch,
    StudyVersion,
    SuspectedDuplicate,
)
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
    "Candidate",
    "CandidateAddress",
    "CandidateName",
    "ChangeEvent",
    "EvidenceLink",
    "Experiment",
    "HistoryEntry",
    "LineageLink",
    "LiteratureQuery",
    "Maturity",
    "RegistryDescription",
    "RegistryQuery",
    "SetAside",
    "Study",
    "StudyAddress",
    "StudyFact",
    "StudyFile",
    "StudyMatch",
    "StudyVersion",
    "SuspectedDuplicate",
    "SyncRun",
    "Trial",
    "TrialAlias",
    "TrialMatch",
    "TrialVersion",
]
