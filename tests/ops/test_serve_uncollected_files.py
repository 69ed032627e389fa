"""A web that starts before `collectstatic` has its style sheets all the same."""

from __future__ import annotations

import pytest

from config.collected import CollectedFiles


def test_until_something_is_collected_files_go_by_their_own_names(tmp_path):
    storage = CollectedFiles(location=tmp_path, base_url="/static/")
    assert storage.stored_name("tracker/tokens.css") == "tracker/tokens.css"


def test_once_there_is_a_list_its_names_are_used_and_a_missing_one_is_a_mistake(tmp_path):
    (tmp_path / "staticfiles.json").write_text('{"version": "1.1", "hash": "", "paths": {"a.css": "a.1f.css"}}')
    storage = CollectedFiles(location=tmp_path, base_url="/static/")
    assert storage.stored_name("a.css") == "a.1f.css"
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        storage.stored_name("b.css")
