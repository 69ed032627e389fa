"""``make bench``: the product beside what the same machine and the same database could do at most.

A database of its own, a registry of synthetic records in its own process, and every step in its own process, several
rounds in turn, so that other work on the machine falls on all alike. Ratios are judged, not seconds. Ends with 1
when a bound is missed. ``docs/benchmarks.md`` says what each figure contains.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import bounds, servers, study_rows

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    options = _options()
    _say(f"Making {options.records:,} synthetic records and an empty database …")
    with (
        servers.database() as database_url,
        servers.registry(count=options.records, changes=options.changes, seed=options.seed) as registry,
    ):
        environment = _environment(database_url, registry.base_url)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=True
        )
        rounds = [_round(number, options, registry, environment) for number in range(1, options.rounds + 1)]
        references = {}
        for name in ("bulk_create", "update_or_create"):
            _say(f"Django {name} …")
            references[name] = _step(name, registry.base_url, environment)
        imports = _imports(options, environment)
    measures = bounds.judged(rounds) + bounds.of_studies(imports) + bounds.beside(rounds, references)
    bounds.show(measures)
    written = {
        "records": options.records,
        "changes": options.changes,
        "seed": options.seed,
        "sizes": _sizes(registry.sizes),
        "measures": bounds.as_json(measures),
        "rounds": rounds,
        "references": references,
        "imports": imports,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(written, indent=1) + "\n")
    missed = bounds.missed(measures)
    _say(f"Written to {options.json}." + (f" Missed: {'; '.join(missed)}." if missed else ""))
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--studies", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=ROOT / "test-results" / "benchmark.json")
    return parser.parse_args()


def _environment(database_url: str, base_url: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": servers.NO_BROKER,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CTGOV_BASE_URL": base_url,
        "CTGOV_MIN_INTERVAL": "0",  # courtesy to the registry is not what is measured
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "WARNING",
    }


def _round(
    number: int, options: argparse.Namespace, registry: servers.Registry, environment: dict[str, str]
) -> dict[str, Any]:
    """Product, no-op, changes, limits; the rows that the product left are those that the limit stores."""
    done: dict[str, Any] = {}
    _say(f"Round {number} of {options.rounds}: full sync …")
    done["product"] = _step("product", registry.base_url, environment)
    _check(done["product"], records=options.records)
    asked = registry.asked()
    done["noop"] = _step("noop", registry.base_url, environment)
    done["noop"]["requests"] = registry.asked() - asked
    registry.turn("day-two")
    done["changes"] = _step("changes", registry.base_url, environment)
    registry.turn("day-one")
    _check(done["changes"], records=options.changes)
    _say(f"Round {number} of {options.rounds}: the limit …")
    for name in ("limit", "copy_alone"):
        done[name] = _step(name, registry.base_url, environment)
    return done


def _imports(options: argparse.Namespace, environment: dict[str, str]) -> list[dict[str, Any]]:
    """A file of studies taken in, and then the limit; once, since it takes minutes."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "studies.csv"
        study_rows.write(table, count=options.studies, seed=options.seed)
        _say(f"{options.studies:,} studies from a file, then COPY of the same rows …")
        product = _step("studies", str(table), environment)
        _check(product, records=options.studies)
        return [{"product": product, "limit": _step("studies_limit", str(table), environment)}]


def _step(name: str, base_url: str, environment: dict[str, str]) -> dict[str, Any]:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.step", name, base_url],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise SystemExit(f"The step {name} failed:\n{finished.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return result


def _check(step: dict[str, Any], *, records: int) -> None:
    """A fast sync that did not do its work would be no achievement."""
    if step["state"] != "done" or step["records"] != records or step["set_aside"]:
        raise SystemExit(f"The sync did not do what it should have, so its time means nothing: {step}")


def _sizes(sizes: list[int]) -> dict[str, float]:
    count = len(sizes)
    return {
        "median": sizes[count // 2],
        "mean": sum(sizes) / count,
        "p90": sizes[count * 9 // 10],
        "p99": sizes[count * 99 // 100],
        "largest": sizes[-1],
        "above_1_mb": sum(size > 1_000_000 for size in sizes),
    }


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
