"""The published schema, and the names in it that clients were made of.

python -m tests.client.schema URL     add what the server at URL publishes to published.txt
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

Json = dict[str, Any]

PUBLISHED = Path(__file__).with_name("published.txt")


def schema_at(url: str) -> Json:
    opener = build_opener(ProxyHandler({}))  # this machine is not behind its own proxy
    with opener.open(f"{url}/schema/openapi.json", timeout=30) as answer:
        found: Json = json.load(answer)
        return found


def operations(schema: Json) -> Iterator[tuple[str, str, str]]:
    """Operation id, method and path of each door."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path


def lines(schema: Json) -> set[str]:
    return {" ".join(each) for each in operations(schema)}


def published() -> set[str]:
    return set(PUBLISHED.read_text().splitlines())


if __name__ == "__main__":
    PUBLISHED.write_text("\n".join(sorted(published() | lines(schema_at(sys.argv[1])))) + "\n")
