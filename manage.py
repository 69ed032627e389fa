#!/usr/bin/env python
"""ExoTracker's command line."""

from __future__ import annotations

import os
import sys

from config.embedded import EmbeddedError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as problem:
        sys.exit(str(problem))  # one sentence: where the traceback leads to is this sentence
