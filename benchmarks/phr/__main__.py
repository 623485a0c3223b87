"""Every part by itself, one after the other: `make bench NAME=phr`, or one, `PART=child_page`.

A part is a module here with `async def run() -> dict[str, float]` and, where figures are asked of
it, `ASKED: dict[str, float]`: at most so much, or with a name that ends in `_per_s` at least.
"""

import asyncio
import json
import os
from importlib import import_module
from pathlib import Path

PARTS = sorted(each.stem for each in Path(__file__).parent.glob("[a-z]*.py"))


def main() -> None:
    wanted = os.environ.get("PART", "")
    if wanted and wanted not in PARTS:
        raise SystemExit(f"no such part: {wanted}; there are {', '.join(PARTS)}")
    figures: dict[str, float] = {}
    asked: dict[str, float] = {}
    for part in [wanted] if wanted else PARTS:
        module = import_module(f"benchmarks.phr.{part}")
        figures |= asyncio.run(module.run())
        asked |= getattr(module, "ASKED", {})
    print("| figure | asked | reached | |\n|---|---|---|---|")
    for name, reached in figures.items():
        limit, verdict = _limit(name, asked), _verdict(name, reached, asked)
        print(f"| `{name}` | {limit} | {reached:,g} | {verdict} |")
    print(json.dumps({"figures": figures}))


def _limit(name: str, asked: dict[str, float]) -> str:
    if name not in asked:
        return "–"
    return f"{'≥' if name.endswith('_per_s') else '≤'} {asked[name]:g}"


def _verdict(name: str, reached: float, asked: dict[str, float]) -> str:
    if name not in asked:
        return ""
    is_met = reached >= asked[name] if name.endswith("_per_s") else reached <= asked[name]
    return "met" if is_met else "**missed**"


if __name__ == "__main__":
    main()
