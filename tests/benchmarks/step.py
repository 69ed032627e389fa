"""One step of the benchmark in a process of its own, so that its memory is its own.

The last line it prints is its result, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLE = 1000  # records for update_or_create, which would take minutes for all


class Clock:
    """Seconds that the main thread spends in HTTP: the registry's time and the network's, not the product's.

    Taken at the two places where ``requests`` waits: sending a request until its head is there, and reading its body.
    What another thread waits for costs the product nothing and is not taken off.
    """

    def __init__(self) -> None:
        self.waited = 0.0
        self._inside = False

    def timed(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self._inside or threading.current_thread() is not threading.main_thread():
                return act(*args, **kwargs)
            self._inside = True
            begun = time.perf_counter()
            try:
                return act(*args, **kwargs)
            finally:
                self.waited += time.perf_counter() - begun
                self._inside = False

        return wrapped


@contextmanager
def clock() -> Iterator[Clock]:
    watch = Clock()
    send, read = requests.Session.send, urllib3.HTTPResponse.read
    requests.Session.send = watch.timed(send)  # type: ignore[method-assign]
    urllib3.HTTPResponse.read = watch.timed(read)  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        requests.Session.send, urllib3.HTTPResponse.read = send, read  # type: ignore[method-assign]


def peak_mb() -> float:
    """The most memory this process ever held, in MB (Linux counts it in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sync() -> dict[str, Any]:
    """``manage.py sync_trials``, as an operator or the schedule runs it."""
    from django.core.management import call_command

    from tracker.models import SyncRun

    with clock() as watch:
        begun = time.perf_counter()
        call_command("sync_trials", stdout=sys.stderr)
        seconds = time.perf_counter() - begun
    run = SyncRun.objects.latest("started")
    return {
        "seconds": seconds - watch.waited,
        "waited": watch.waited,
        "peak_mb": peak_mb(),
        "records": run.seen,
        "state": run.state,
        "set_aside": run.set_aside,
    }


def product() -> dict[str, Any]:
    """A first, full sync into empty tables; its rows are kept for the references."""
    from tracker.models import Annotation, ChangeEvent, Maturity, Trial

    from . import references

    references.empty_tables(runs=True)
    result = sync()
    references.keep_rows()
    result["about"] = Trial.objects.about().count()
    result["annotations"] = Annotation.objects.count()
    result["maturities"] = Maturity.objects.count()
    result["events"] = ChangeEvent.objects.count()
    return result


def reference(name: str, base_url: str) -> dict[str, Any]:
    from . import references

    references.empty_tables(runs=False)
    if name == "update_or_create":
        spent = references.update_or_create(base_url, sample=SAMPLE)
    else:
        spent = references.WRITERS[name](base_url)
    return {
        "seconds": spent.seconds,
        "waited": spent.waited,
        "records": spent.records,
        "parts": {"decode": spent.decoded, "hash and pack": spent.packed, "store": spent.stored},
        "peak_mb": peak_mb(),
    }


def of_studies(name: str, table: Path) -> dict[str, Any]:
    from . import studies

    result = studies.product(table) if name == "studies" else studies.limit(table)
    return result | {"peak_mb": peak_mb()}


def main() -> None:
    name, base_url = sys.argv[1:]
    django.setup()
    steps = {"product": product, "noop": sync, "changes": sync}
    if name.startswith("studies"):
        result = of_studies(name, Path(base_url))
    else:
        result = steps[name]() if name in steps else reference(name, base_url)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
