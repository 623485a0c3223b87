"""Documents as they are read: sections with safe narrative, attachments, what images there are."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import nh3

from api.records.mapping import composition_of, name_of
from api.records.parse import Json, as_object, as_objects, as_text, read_day, walk

DEEPEST: Final = 5
MOST_SECTIONS: Final = 100
LONGEST_NARRATIVE: Final = 60_000  # characters; the original has the rest
# What carries meaning in the narrative of FHIR R4 (narrative.html); nothing that loads, links,
# scripts or draws over the page.
_TAGS: Final = frozenset(
    {"b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i"}
    | {"ins", "li", "ol", "p", "pre", "small", "span", "strong", "sub", "sup", "table", "tbody"}
    | {"td", "tfoot", "th", "thead", "tr", "u", "ul"}
)
_ATTRIBUTES: Final = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_HEADING: Final = re.compile(r"<(/?)h[1-6]\b[^>]*>", re.IGNORECASE)
_SAFE_TO_NAME: Final = frozenset(
    {"application/pdf", "image/jpeg", "image/png", "text/plain", "application/dicom"}
)


class Section(NamedTuple):
    """`html` is safe to put into a page; `entries` are the names of what the section lists."""

    title: str
    depth: int
    html: str
    entries: tuple[str, ...]
    is_cut: bool


class Attachment(NamedTuple):
    """`place` counts those of the record. Without `data` it lies elsewhere and is not fetched."""

    place: int
    title: str
    media_type: str
    size: int | None
    data: bytes | None


class Document(NamedTuple):
    """A document as it is read; `authors` by name."""

    kind: str
    authors: tuple[str, ...]
    sections: tuple[Section, ...]


class ImageSeries(NamedTuple):
    """One series of an ImagingStudy, without its images."""

    modality: str
    site: str
    description: str
    images: int | None


def document_of(resource: Json) -> Document:
    """Read a document Bundle, or a Composition by itself."""
    main = composition_of(resource) if resource.get("resourceType") == "Bundle" else resource
    inside = _inside(resource)
    names = (_named(each, inside) for each in as_objects(main.get("author")))
    sections = _sections(main, inside, 1)
    return Document(
        name_of(main.get("type")),
        tuple(filter(None, names)),
        tuple(each for each, _ in zip(sections, range(MOST_SECTIONS), strict=False)),
    )


def safe(narrative: str) -> tuple[str, bool]:
    """Safe HTML, and whether it was cut short. Its headings become paragraphs: the page has its
    own."""
    is_cut = len(narrative) > LONGEST_NARRATIVE
    plain = _HEADING.sub(r"<\1p>", narrative[:LONGEST_NARRATIVE])
    cleaned = nh3.clean(
        plain,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style"},
        strip_comments=True,
        link_rel=None,
        url_schemes=set(),
    )
    return cleaned.strip(), is_cut


def attachments_of(resource: Json) -> list[Attachment]:
    """Every attachment of a record: of a DocumentReference, of a report, inside a document."""
    found: list[Attachment] = []
    for part in walk(resource):
        kind = part.get("resourceType")
        if kind == "DocumentReference":
            held = [as_object(each.get("attachment")) for each in as_objects(part.get("content"))]
        elif kind == "DiagnosticReport":
            held = as_objects(part.get("presentedForm"))
        elif kind == "Media":
            held = [as_object(part.get("content"))]
        elif kind == "Binary":
            held = [part]
        else:
            continue
        found += [_attachment(len(found) + place, each) for place, each in enumerate(held)]
    return found


def images_of(study: Json) -> list[ImageSeries]:
    """The series of an ImagingStudy; the images themselves are at the facility."""
    return [
        ImageSeries(
            name_of(each.get("modality")) or _code(each.get("modality")),
            name_of(each.get("bodySite")),
            as_text(each.get("description")),
            _count(each.get("numberOfInstances")),
        )
        for each in as_objects(study.get("series"))
    ]


def _attachment(place: int, held: Json) -> Attachment:
    media_type = as_text(held.get("contentType")).partition(";")[0].strip().lower()
    written = held.get("data")
    data = None
    if isinstance(written, str):
        try:
            data = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):
            data = None
    size = len(data) if data is not None else _count(held.get("size"))
    return Attachment(
        place,
        as_text(held.get("title")),
        media_type if media_type in _SAFE_TO_NAME else "application/octet-stream",
        size,
        data,
    )


def _sections(within: Json, inside: dict[str, Json], depth: int) -> Iterator[Section]:
    if depth > DEEPEST:
        return
    for section in as_objects(within.get("section")):
        html, is_cut = safe(as_text(as_object(section.get("text")).get("div")))
        entries = (_named(each, inside) for each in as_objects(section.get("entry")))
        title = as_text(section.get("title")) or name_of(section.get("code"))
        yield Section(title, depth, html, tuple(_once(filter(None, entries))), is_cut)
        yield from _sections(section, inside, depth + 1)


def _inside(resource: Json) -> dict[str, Json]:
    """What a reference can lead to within the record."""
    found = {
        as_text(entry.get("fullUrl")): as_object(entry.get("resource"))
        for entry in as_objects(resource.get("entry"))
    }
    for each in list(found.values()):
        found[f"{as_text(each.get('resourceType'))}/{as_text(each.get('id'))}"] = each
    for each in as_objects(resource.get("contained")):
        found[f"#{as_text(each.get('id'))}"] = each
    return found


def _named(reference: Json, inside: dict[str, Json]) -> str:
    target = inside.get(as_text(reference.get("reference")), {})
    name = target.get("name")
    if isinstance(name, list):
        first = as_objects(name)
        written = as_text(first[0].get("text")) if first else ""
        return written or as_text(reference.get("display"))
    for element in ("code", "medicationCodeableConcept", "vaccineCode", "name", "type", "title"):
        said = name_of(target.get(element))
        if said:
            return _with_value(said, target)
    return as_text(reference.get("display"))


def _with_value(said: str, target: Json) -> str:
    on = next(
        (
            target[name]
            for name in ("effectiveDateTime", "onsetDateTime", "authoredOn", "performedDateTime")
            if isinstance(target.get(name), str)
        ),
        None,
    )
    day = read_day(on)
    return f"{said}（{day.isoformat()}）" if day else said


def _once(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def _code(coding: object) -> str:
    return as_text(as_object(coding).get("code"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
