"""Ask a web process whether it is ready: `python -m config.probe` exits 0 or 1. For `make run` and for containers."""

from __future__ import annotations

import http.client
import os
import sys


def is_ready(host: str, port: int) -> bool:
    """Whether /health/ready answers 200. Asks under a name that the process serves."""
    names = [name.strip() for name in os.environ.get("ALLOWED_HOSTS", "").split(",") if name.strip()]
    name = names[0].lstrip(".") if names and names[0] != "*" else "localhost"
    line = http.client.HTTPConnection("127.0.0.1" if host in {"0.0.0.0", "::"} else host, port, timeout=5)  # noqa: S104
    try:
        line.request("GET", "/health/ready", headers={"Host": name})
        return line.getresponse().status == 200
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        line.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(os.environ.get("GRANIAN_HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))) else 1)
