"""Static files under names that carry their content, once they are collected.

A web that starts before `collectstatic` ran (after `migrate` alone, or behind a test client) has no list of such names.
Every page would then be a fault of the server, for want of a style sheet; so until something is collected files go by
their own names. Once there is a list, a name missing from it is a mistake and says so.
"""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedFiles(CompressedManifestStaticFilesStorage):
    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return name
        stored: str = super().stored_name(name)
        return stored
