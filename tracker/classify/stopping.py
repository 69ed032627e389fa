"""Why a trial was stopped: the classes of its ``whyStopped``. Pure.

Text is put into classes whatever the status says. A stopped or suspended trial without text is *not given*; text that
no rule catches is *unclear*; a trial that goes on and says nothing has no class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.classify.folding import fold
from tracker.classify.matcher import Words
from tracker.classify.readings import Proposal
from tracker.terms import Facet, Status, StopClass

if TYPE_CHECKING:
    import re

    from tracker.classify.lexicon import Rule
    from tracker.classify.matcher import Matcher
    from tracker.sources.ctgov_records import TrialRecord

STOPPED = (Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED)
FIELD = "why_stopped"
#: classes that a "not due to …" before them takes away
_CLAUSE_ENDS = (". ", "; ", "\n", " but ", " however ", " - ")
WEAK = "weak"
_ANYWHERE = 200  # a rule that does not say how near is about the whole line
_REACH = 60  # characters that a negation reaches


def stop_proposals(record: TrialRecord, ready: Matcher) -> list[Proposal]:
    """The stop classes of a record, each with its words; nothing for a trial that goes on and gives no text."""
    text = record.why_stopped or ""  # the passage of this name, as the column holds it
    if not text.strip():
        if record.overall_status in STOPPED:
            return [Proposal(Facet.STOP_REASON, StopClass.NOT_GIVEN, [])]
        return []
    return [Proposal(Facet.STOP_REASON, name, words) for name, words in stop_classes(text, ready).items()]


def stop_classes(text: str, ready: Matcher) -> dict[str, list[Words]]:
    """The classes of one text, each with the words it rests on; *unclear*, with none, where nothing is caught."""
    folded = fold(text)
    found: dict[str, list[Words]] = {}
    # Weak rules last: they speak only where no other did.
    for rule in sorted(ready.stops, key=lambda one: one.part == WEAK):
        if rule.part == WEAK and found:
            continue
        for match in _standing(rule, folded.text, ready.lexicon.negation):
            start, end = folded.span(*match.span())
            words = found.setdefault(rule.term, [])
            if not any(start < word["end"] and word["start"] < end for word in words):
                words.append(Words(field=FIELD, start=start, end=end, text=text[start:end]))
    return found or {StopClass.UNCLEAR: []}


def _standing(rule: Rule, folded: str, negation: re.Pattern[str]) -> list[re.Match[str]]:
    if rule.pattern is None or (rule.not_near and rule.within >= _ANYWHERE and rule.not_near.search(folded)):
        return []
    if rule.part == "alone":  # words that say something only when nothing else is said
        alone = rule.pattern.match(folded)
        return [alone] if alone and alone.end() >= len(folded.rstrip(" .")) else []
    return [match for match in rule.pattern.finditer(folded) if _holds(rule, folded, match, negation)]


def _holds(rule: Rule, folded: str, match: re.Match[str], negation: re.Pattern[str]) -> bool:
    start, end = match.span()
    if _negated(folded, start, end, negation):
        return False
    if rule.near is not None:
        low, high = max(0, start - rule.within), end + rule.within
        if not rule.near.search(folded, low, start) and not rule.near.search(folded, end, high):
            return False
    if rule.not_after and rule.not_after.match(folded, end + 1):
        return False
    if rule.not_near and rule.not_near.search(folded, max(0, start - rule.within), end + rule.within):
        return False
    return rule.not_before is None or not any(
        not folded[before.end() : start].strip(" ,'") for before in rule.not_before.finditer(folded, 0, start)
    )


def _negated(folded: str, start: int, end: int, negation: re.Pattern[str]) -> bool:
    """Whether a negation of the same clause stands before these words, or begins them ("no safety concerns")."""
    low = max((folded.rfind(mark, 0, start) + len(mark) for mark in _CLAUSE_ENDS if mark in folded[:start]), default=0)
    for match in negation.finditer(folded, low, min(len(folded), end + 25)):
        if match.start() <= start < match.end() or (match.end() <= start and start - match.end() <= _REACH):
            return True
    return False
