"""Text made comparable, without losing where each character came from.

Registry text is typed by thousands of hands: full-width letters, superscripts, six kinds of hyphen, soft hyphens from
pasted PDFs. ``fold`` brings text and lexicon to one form. Almost always that form is as long as the original, so
offsets are the same; where characters appear or vanish (a ligature, a soft hyphen), a map leads back.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# A line broken inside a sentence (old records were wrapped at 80 characters) is no end of a sentence.
_WRAPPED = re.compile(r"(?<=[\w,]) ?\n(?=[a-z(])")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d-"


class Folded(NamedTuple):
    """``text`` in the comparable form; ``origin[i]`` is where its i-th character came from (None: at i itself)."""

    text: str
    origin: tuple[int, ...] | None
    length: int  # of the original

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original text of this span of the folded one (end is exclusive in both)."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    """One character's comparable form, of any length; "" where it has no width."""
    if character in _DASHES:
        return " "
    if character in "\u2018\u2019\u02bc\u2032\u00b4`":
        return "'"
    if character in "\u201c\u201d\u2033":
        return '"'
    if character == "\u00b5":
        return "\u03bc"
    category = unicodedata.category(character)
    if category == "Cf":  # soft hyphens, zero-width spaces, byte order marks
        return ""
    if category in ("Zs", "Cc"):
        return "\n" if character in "\n\r\x1e" else " "
    changed = unicodedata.normalize("NFKC", character)
    if len(changed) > 1 and not changed.isalpha():
        return " "  # trade marks, fractions, ellipses: no word of the lexicon holds one
    lowered = changed.lower()
    return lowered if len(changed) > 1 or len(lowered) == 1 else lowered[0]


def fold(text: str) -> Folded:
    """``text`` in lower case, compatibility-normalised (NFKC, by character), with plain hyphens as spaces.

    >>> fold("Non‑Small‑Cell").text
    'non small cell'
    """
    if text.isascii():
        folded = text.lower().replace("-", " ").replace("\t", " ").replace("`", "'")
        return Folded(_WRAPPED.sub(_as_spaces, folded) if "\n" in folded else folded, None, len(text))
    changed = text
    for character in set(text):
        if character.isascii():
            continue
        instead = _folded_character(character)
        if len(instead) != 1:
            return _fold_by_map(text)
        changed = changed.replace(character, instead)
    folded = changed.lower().replace("-", " ").replace("\t", " ").replace("`", "'")
    return Folded(_WRAPPED.sub(_as_spaces, folded) if "\n" in folded else folded, None, len(text))


def _as_spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _fold_by_map(text: str) -> Folded:
    pieces: list[str] = []
    origin: list[int] = []
    for at, character in enumerate(text):
        piece = _folded_character(character)
        pieces.append(piece)
        origin.extend([at] * len(piece))
    folded = "".join(pieces)
    return Folded(_WRAPPED.sub(_as_spaces, folded) if "\n" in folded else folded, tuple(origin), len(text))
