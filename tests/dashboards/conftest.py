"""What tests of pages share."""

from __future__ import annotations

import pytest

from tests.reads.starter import starter_trials


@pytest.fixture
def eight(db):
    """Eight real records as rows."""
    return starter_trials()


@pytest.fixture
def curator(db, django_user_model):
    """A signed-in person who may change trials."""
    from django.contrib.auth.models import Permission

    person = django_user_model.objects.create_user("curator", password="x" * 16, is_staff=True)
    person.user_permissions.add(Permission.objects.get(content_type__app_label="tracker", codename="change_trial"))
    return person
