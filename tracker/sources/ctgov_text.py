"""The registry's text, as people wrote it.

The API gives free text as CommonMark with backslash escapes (``\\>``, ``\\[``, ``\\*\\*``; 978 of 1,774 records
measured) and, in a few records, HTML entities. Both are undone once, in one pass, before text is matched or shown.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Match

# CommonMark 0.28, section 6.1: a backslash escapes ASCII punctuation and nothing else. Section 6.2: entities end
# with a semicolon; without one ("R&D", "AT&T") an ampersand is an ampersand.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});|\xa0")

# The first of these alone, which is all that most texts hold and is found twice as fast.
_BACKSLASHED = re.compile(r"\\([!-/:-@\[-`{-~])")


def _meant(match: Match[str]) -> str:
    escaped = match[1]
    if escaped is not None:
        return escaped
    meant = html.unescape(match[0])
    # A hard space is a matter of layout; left in, "lung cancer" would not be found.
    return " " if meant == "\xa0" else meant


def plain(text: str) -> str:
    """This text with the registry's markdown escapes and HTML entities undone.

    Apply once: what an author wrote as ``\\\\>`` is ``\\>`` afterwards and must stay so. Emphasis and list marks are
    left, since authors also write bare asterisks and dashes.

    >>> plain(r"age \\>= 18 years &amp; ECOG \\<2")
    'age >= 18 years & ECOG <2'
    """
    if "&" in text or "\xa0" in text:
        return _ESCAPED.sub(_meant, text)
    return _BACKSLASHED.sub(r"\1", text) if "\\" in text else text
