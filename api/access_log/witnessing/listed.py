"""The witnesses an operator has chosen: one line each in a file beside the keys."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from api.access_log.verifier import COSIGNATURE, Malformed, Vkey, parse_vkey
from api.core.settings import SettingFault


class Witness(NamedTuple):
    """`url` is what C2SP calls the submission prefix: add-checkpoint is right below it."""

    key: Vkey
    url: str
    is_mirror: bool = False


def read_witnesses(path: Path) -> tuple[Witness, ...]:
    """Lines `<vkey> <url> [mirror]`; none where there is no such file. Raises `SettingFault`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError as error:
        raise SettingFault(f"{path} is no text in UTF-8.") from error
    found: dict[Vkey, Witness] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            witness = _witness(line.split())
        except ValueError as error:
            raise SettingFault(f"{path}, line {number}: {error}.") from error
        if witness.key in found:
            raise SettingFault(f"{path}, line {number}: this key stands above already.")
        found[witness.key] = witness
    return tuple(found.values())


def _witness(words: list[str]) -> Witness:
    if not 2 <= len(words) <= 3 or words[2:] not in ([], ["mirror"]):
        raise Malformed("`<vkey> <url>`, and perhaps `mirror`, was expected")
    parts = urlsplit(words[1])
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Malformed("an address such as https://witness.example/witness/v1 was expected")
    return Witness(parse_vkey(words[0], COSIGNATURE), words[1].rstrip("/"), len(words) == 3)
