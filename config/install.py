"""Make .venv from pinned, hashed requirements. Runs on a bare Python, so it uses nothing but its library.

    python config/install.py base | dev

Kept to syntax that a Python of ten years ago can read, so that it can say what it lacks.
A stamp in .venv holds the hash of what was installed; the same requirements are not installed twice. `dev` holds
all of `base`.
"""

import hashlib
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
OLDEST = (3, 11)


def main(wanted: str) -> int:
    if sys.version_info < OLDEST:
        print(
            f"ExoTracker needs Python 3.11 or newer, and this is {sys.version_info[0]}.{sys.version_info[1]}: install "
            "a newer one, or say where it is with PYTHON=/path/to/python.",
            file=sys.stderr,
        )
        return 1
    if wanted == "base" and stamp("dev").exists() and is_current("dev"):
        return 0
    if is_current(wanted):
        return 0
    began = time.monotonic()
    print(f"Making the environment in .venv ({wanted} requirements); the first time takes a minute or two.", flush=True)
    try:
        if not works():
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(ENVIRONMENT)
    except (OSError, subprocess.CalledProcessError) as problem:
        print(
            f"The environment could not be made in {ENVIRONMENT} ({problem}): check that the folder can be written and "
            "that this Python has its venv module (Debian: apt-get install python3-venv).",
            file=sys.stderr,
        )
        return 1
    for old in ENVIRONMENT.glob("installed-*"):
        old.unlink()
    # Twice quiet: errors are shown, the machine's own index settings are not our reader's matter.
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*pip, "--require-hashes", "--requirement", str(requirements(wanted))], check=False)
    if done.returncode:
        print(
            "The requirements could not be installed (pip's own words stand above): check the network and the package "
            "index that pip is set to, then run this again; nothing has to be removed.",
            file=sys.stderr,
        )
        return 1
    stamp(wanted).write_text(fingerprint(wanted))
    print(f"Installed in {time.monotonic() - began:.0f} seconds.")
    return 0


def works() -> bool:
    """Whether .venv holds a Python that still runs with pip: the one it was made from may be gone."""
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0


def is_current(name: str) -> bool:
    return PYTHON.exists() and stamp(name).exists() and stamp(name).read_text() == fingerprint(name)


def requirements(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def stamp(name: str) -> Path:
    return ENVIRONMENT / f"installed-{name}"


def fingerprint(name: str) -> str:
    """What was asked for, and where: an environment does not survive being moved."""
    return hashlib.sha256(requirements(name).read_bytes() + str(ENVIRONMENT).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "base"))
