"""The product's settings with what differs under test, each with its reason."""

from __future__ import annotations

import os

# Real servers ask for a key, and a test run has no secrets to sign.
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)

from config.settings import *  # noqa: F403
from config.settings import STORAGES

# Manifest names need `collectstatic` first; a test reads the files where they lie.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# A slow hash protects real passwords; here it would only cost time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nothing is collected before a test run, so there is no folder of collected files to warn about.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
