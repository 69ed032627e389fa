"""Looking a publication up at Europe PMC while a curator waits, so that nobody types a bibliography."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing

from tracker.sources.europepmc import EuropePmc, Patience, SourceError
from tracker.sources.europepmc_records import Unreadable, read_study

if TYPE_CHECKING:
    from tracker.sources.bibliography import StudyRecord

SALT = "tracker.study.looked-up"
# A person waits: two attempts, one short pause. The scheduled sync has the patience.
SHORT = Patience(attempts=2, first=0.5, longest=1.0, longest_asked=2.0)


class NotFoundThere(Exception):
    """Nothing came of the look-up; the words say why and what to do instead."""


@dataclass(frozen=True)
class LookedUp:
    """What Europe PMC says of one publication; sealed, it travels through the form and comes back whole."""

    record: StudyRecord

    def sealed(self) -> str:
        return signing.dumps(base64.b64encode(self.record.raw).decode(), salt=SALT, compress=True)

    @classmethod
    def unsealed(cls, given: str) -> LookedUp:
        """Raises signing.BadSignature where it is not what was sealed."""
        return cls(read_study(base64.b64decode(signing.loads(given, salt=SALT))))


def look_up(given: str) -> LookedUp:
    """Europe PMC's record with this PMID, PMCID or DOI. Raises NotFoundThere."""
    by_hand = "Enter the study by hand, or try again later."
    service = EuropePmc(
        settings.EUROPEPMC_BASE_URL, settings.HTTP_USER_AGENT, settings.EUROPEPMC_MIN_INTERVAL, patience=SHORT
    )
    with service:
        try:
            raw = service.find(given)
        except ValueError:
            raise NotFoundThere(
                f"“{given}” is no PMID, PMCID or DOI. A PMID is a number, a DOI begins with 10."
            ) from None
        except SourceError as error:
            raise NotFoundThere(f"Europe PMC could not be asked ({error}). {by_hand}") from error
    if raw is None:
        raise NotFoundThere(f"Europe PMC has no publication “{given}”. See that it is right, or enter it by hand.")
    try:
        return LookedUp(read_study(raw))
    except Unreadable as error:
        raise NotFoundThere(f"Europe PMC's record of “{given}” cannot be read ({error.reason}). {by_hand}") from error
