"""The only writer of what people decide: candidates, links, lineage, studies entered by hand, facts, annotations.

Every function is one act of one person: keyword-only, one transaction, with `by` (who), `at` (when) and `why`. It
changes what it names, writes a history entry with what stood before and what stands after, and scores again what it
touches, so that the curator sees the new number at once. It raises `Declined` when the act cannot be done as asked, and
`Overtaken` when somebody else decided meanwhile; in both cases nothing has changed.
"""

from .acts import Declined, Overtaken
from .candidates import (
    change_candidate,
    create_candidate,
    merge_candidates,
    retire_candidate,
    revive_candidate,
    split_candidate,
    what_a_merge_does,
)
from .duplicates import decide_duplicate
from .lineage import add_lineage, decide_lineage
from .links import add_link, decide_link
from .readings import decide_annotation, decide_fact
from .studies import Entry, ExperimentEntry, change_study, enter_study

__all__ = [
    "Declined",
    "Entry",
    "ExperimentEntry",
    "Overtaken",
    "add_lineage",
    "add_link",
    "change_candidate",
    "change_study",
    "create_candidate",
    "decide_annotation",
    "decide_duplicate",
    "decide_fact",
    "decide_lineage",
    "decide_link",
    "enter_study",
    "merge_candidates",
    "retire_candidate",
    "revive_candidate",
    "split_candidate",
    "what_a_merge_does",
]
