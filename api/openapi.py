"""The schema at /schema, told as the doors really answer: errors, FHIR's media type, bearers."""

from collections.abc import Iterator
from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin
from msgspec import Struct

FHIR = ("application/fhir+json", "A FHIR OperationOutcome.")
OAUTH = ("application/json", "`error` and `error_description` (RFC 6749 §5.2).")
PROBLEM = (
    "application/problem+json",
    "RFC 9457: `type`, `title`, `status`; `next` says what is safe and what to do.",
)
# What a door answers besides what it is documented with.
ALSO = {"/me/access-log/export": FHIR[0]}
OPEN = ("/health", "/oauth", "/.well-known", "/fhir/R4/.well-known", "/fhir/R4/metadata")


class PublishedSchema(JsonRenderPlugin):
    """Litestar documents errors in a shape of its own that no door of ours speaks."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        for path, operations in openapi_schema["paths"].items():
            media_type, text = _errors(path)
            said = {"description": text, "content": {media_type: {"schema": {"type": "object"}}}}
            for operation in operations.values():
                operation["responses"].pop("400", None)
                operation["responses"] |= {"4XX": said, "5XX": said}
                if not path.startswith(OPEN):
                    operation["security"] = [{"bearer": []}]
                if path in ALSO:
                    answers = operation["responses"]["200"]["content"]
                    answers[ALSO[path]] = {"schema": {"type": "object"}}
                for answer in operation["responses"].values():
                    _fhir_object(answer)
        strict = {each.__name__ for each in _structs(Struct) if _is_strict(each)}
        for name, schema in openapi_schema["components"]["schemas"].items():
            if name in strict:
                schema["additionalProperties"] = False
        openapi_schema["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"}
        }
        return super().render(request, openapi_schema)


def _structs(of: type[Struct]) -> Iterator[type[Struct]]:
    for each in of.__subclasses__():
        yield each
        yield from _structs(each)


def _is_strict(struct: type[Struct]) -> bool:
    return struct.__struct_config__.forbid_unknown_fields


def _errors(path: str) -> tuple[str, str]:
    if path.startswith("/fhir") and "/.well-known" not in path:
        return FHIR
    return OAUTH if path.startswith("/oauth") else PROBLEM


def _fhir_object(answer: dict[str, Any]) -> None:
    """Stored FHIR goes out as bytes, and is an object all the same."""
    content = answer.get("content", {}).get(FHIR[0])
    if content is not None:
        content["schema"] = {"type": "object", "required": ["resourceType"]}
