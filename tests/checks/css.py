"""The portal's stylesheet: build it, or check that the committed one equals a fresh build.

python -m tests.checks.css            check, exit 1 when it differs
python -m tests.checks.css --build    write web_portal/static/app.css
"""

import subprocess
import sys
from pathlib import Path

from tests.checks.node import ROOT, run_node

COMMITTED = ROOT / "web_portal" / "static" / "app.css"


def fresh_css() -> bytes:
    built = run_node(
        "node_modules/@tailwindcss/cli/dist/index.mjs",
        "--input",
        "web_portal/styles/app.css",
        "--minify",
        stdout=subprocess.PIPE,
    )
    return built.stdout.strip() + b"\n"


def main(arguments: list[str], committed: Path = COMMITTED) -> int:
    css = fresh_css()
    if arguments == ["--build"]:
        committed.write_bytes(css)
        print(f"{committed.name}: {len(css)} bytes")
        return 0
    if committed.read_bytes() != css:
        print(f"{committed.name} is not what its source gives: python -m tests.checks.css --build")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
