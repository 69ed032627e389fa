"""Text made comparable, without losing where each character came from.

Registry text is typed by thousands of hands: full-width letters, superscripts, six kinds of hyphen, soft hyphens from
pasted PDFs. ``fold`` brings text and lexicon to one plain form in ASCII, which automata walk fastest. Almost always
that form is as long as the original, so offsets are the same; where characters appear or vanish (a ligature, a soft
hyphen), a few marks lead back.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES = {**dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4", "'"), **dict.fromkeys("\u201c\u201d\u2033", '"')}
_ASCII = bytes(range(128))
# In the original a continued line begins with a small letter; a heading or a new item does not.
_CONTINUED = re.compile(r"\n(?=[a-z(])")


class Mark(NamedTuple):
    """From ``folded`` on, characters come from ``origin`` on; all from that one character where it was ``spread``."""

    folded: int
    origin: int
    spread: bool


class Folded(NamedTuple):
    """``text`` in the comparable form, and the marks that lead back (None: every offset is the same)."""

    text: str
    marks: tuple[Mark, ...] | None

    def origin(self, at: int) -> int:
        """Where the folded character at this offset came from."""
        if self.marks is None:
            return at
        mark = self.marks[bisect_right(self.marks, at, key=lambda one: one.folded) - 1]
        return mark.origin if mark.spread else mark.origin + at - mark.folded

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original text of this span of the folded one; not for an empty span."""
        if self.marks is None:
            return start, end
        return self.origin(start), self.origin(end - 1) + 1

    def found_at(self, original: int) -> int:
        """The first folded offset that came from this original one or a later one; the text's length if none did."""
        if self.marks is None:
            return original
        at = bisect_right(self.marks, original, key=lambda one: one.origin) - 1
        if at < 0:
            return 0
        mark = self.marks[at]
        after = self.marks[at + 1].folded if at + 1 < len(self.marks) else len(self.text)
        if mark.spread:
            return mark.folded if mark.origin == original else after
        return min(mark.folded + original - mark.origin, after)


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    """The ASCII that stands for a character outside ASCII; "" for one without width."""
    if character in _DASHES:
        return " "
    if character in _QUOTES:
        return _QUOTES[character]
    if unicodedata.category(character) == "Cf":  # soft hyphens, zero-width spaces, byte order marks
        return ""
    whole = unicodedata.normalize("NFKC", character).lower()
    bare = "".join(one for one in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(one))
    if bare in ("\u03bc", "\u00d7"):  # micro, times: written as u and x as often
        return "u" if bare == "\u03bc" else "x"
    if bare.isascii() and bare.isalnum():
        return bare  # an accent, a superscript, a full-width letter, a ligature
    # A Greek letter belongs to its word (TGF-beta); whatever else there is parts words.
    return "z" if whole.isalpha() and "GREEK" in unicodedata.name(character, "") else " "


def fold(text: str) -> Folded:
    """``text`` in lower case and ASCII, compatibility-normalised (NFKC, by character), with hyphens as spaces.

    >>> fold("Non‑Small‑Cell").text
    'non small cell'
    """
    if "\n" in text:
        text = _CONTINUED.sub(_joined, text)
    if text.isascii():
        return Folded(_plain(text), None)
    changed = text
    uneven = []
    for character in set(_beyond_ascii(text)):
        instead = _folded_character(character)
        if len(instead) == 1:
            changed = changed.replace(character, instead)
        else:
            uneven.append(character)
    return _fold_uneven(changed, uneven) if uneven else Folded(_plain(changed), None)


def _beyond_ascii(text: str) -> str:
    """The characters outside ASCII, in order; by bytes, which is five times as fast as to ask each character."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def _joined(match: re.Match[str]) -> str:
    """A line broken inside a sentence is no end of one: old records were wrapped at 80 characters."""
    before = match.string[match.start() - 1 : match.start()]
    return " " if before.isalnum() or before in (",", " ") else "\n"


def _plain(text: str) -> str:
    return text.lower().replace("-", " ").replace("\t", " ").replace("`", "'").replace("\r", "\n")


def _fold_uneven(text: str, uneven: list[str]) -> Folded:
    pieces: list[str] = []
    marks: list[Mark] = []
    length = 0
    at = 0
    for match in re.finditer("[" + re.escape("".join(uneven)) + "]", text):
        for piece, origin, spread in (
            (_plain(text[at : match.start()]), at, False),
            (_folded_character(match[0]), match.start(), True),
        ):
            if piece:
                marks.append(Mark(length, origin, spread))
                pieces.append(piece)
                length += len(piece)
        at = match.end()
    marks.append(Mark(length, at, False))
    pieces.append(_plain(text[at:]))
    return Folded("".join(pieces), tuple(marks))
