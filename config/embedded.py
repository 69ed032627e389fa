"""PostgreSQL and Valkey from wheels, for a machine that has neither."""

from __future__ import annotations

from pathlib import Path


def database_url(data_dir: Path) -> str:
    raise RuntimeError("set DATABASE_URL")


def redis_url(data_dir: Path) -> str:
    raise RuntimeError("set REDIS_URL")


def secret_key(data_dir: Path) -> str:
    return "development-only-" + "x" * 50
