"""What a sender said, without what a server sets."""

import re
from typing import Final

from api.phr.entries.kinds import PROVENANCE, SOURCE
from api.records.parse import Json, as_object, decode, encode
from api.records.taking_out.resources import CLAIMED

_SAID_BY_US: Final = (PROVENANCE, CLAIMED)
_OURS: Final = ("versionId", "lastUpdated")
# Where a part came from is said by us: the document it was taken from.
_FROM_A_DOCUMENT: Final = re.compile(r"Bundle/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def content(resource: Json) -> str:
    """The text without what a server sets: two versions with the same content are one."""
    return encode(without_server_parts(resource))


def content_of_body(body: str) -> str:
    """`content` of what is stored."""
    return content(decode(body.encode(), max_bytes=len(body) * 4))


def without_server_parts(resource: Json) -> Json:
    own = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    meta = as_object(resource.get("meta"))
    kept = {k: v for k, v in meta.items() if k not in _OURS and not _is_our_source(k, v)}
    if tags := _others_tags(kept.pop("tag", None)):
        kept["tag"] = tags
    return own | ({"meta": kept} if kept else {})


def _is_our_source(name: str, value: object) -> bool:
    is_source = name == "source" and isinstance(value, str)
    is_ours = value == SOURCE or _FROM_A_DOCUMENT.fullmatch(str(value)) is not None
    return is_source and is_ours


def _others_tags(tags: object) -> object:
    """That the participant, a device of theirs or somebody acting for them says so is said by us
    alone."""
    if not isinstance(tags, list):
        return tags
    return [
        each for each in tags if not (isinstance(each, dict) and each.get("system") in _SAID_BY_US)
    ]
