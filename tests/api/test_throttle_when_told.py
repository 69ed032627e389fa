"""Anonymous reads are throttled only where the operator says so; a process each, since settings are read once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import pytest

ASK = """
import django, json, sys
django.setup()
from django.test import Client
client = Client(REMOTE_ADDR=sys.argv[1])
# what is no NCT number asks the database nothing
answers = [client.get("/api/v1/why/hello/", headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]
print(json.dumps([[answer.status_code, answer.headers.get("Retry-After")] for answer in answers]))
print(json.dumps(answers[-1].json()))
"""


def ask(**settings: str) -> list[str]:
    address = f"2001:db8::{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}"  # documentation's own range, new each time
    run = subprocess.run(
        [sys.executable, "-c", ASK, address],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "ALLOWED_HOSTS": "testserver", **settings},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout.strip().splitlines()[-2:]


def test_without_a_setting_nobody_is_throttled():
    codes, _ = ask(API_THROTTLE="")
    assert [code for code, _ in json.loads(codes)] == [404, 404, 404, 404]


def test_with_one_an_address_is_told_when_to_come_back_whatever_it_says_of_itself():
    codes, body = ask(API_THROTTLE="2/min")
    assert [code for code, _ in json.loads(codes)] == [404, 404, 429, 429]
    assert 0 < int(json.loads(codes)[2][1]) <= 61
    assert "Retry-After" in json.loads(body)["what_to_do"]


def test_a_rate_that_cannot_be_read_stops_the_start():
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        ask(API_THROTTLE="often")
    assert "API_THROTTLE is 'often': set it to a number a time, as 100/min" in stopped.value.stderr
