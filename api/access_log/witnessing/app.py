"""A witness over HTTP: c2sp.org/tlog-witness, the door of a mirror, and what it knows."""

from typing import Annotated, Any, Final

from litestar import Litestar, Request, Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.params import QueryParameter, RawBody

from api.access_log.transparency.entries import WIDTH
from api.access_log.witnessing.rules import MOST_ENTRIES
from api.access_log.witnessing.witness import Answer, Witness
from api.core.logging import frames, log
from api.core.settings import SettingFault

PREFIX: Final = "/witness/v1"
MOST_BYTES: Final = 1 << 16
MOST_ENTRY_BYTES: Final = MOST_BYTES + WIDTH * MOST_ENTRIES

Size = Annotated[int, QueryParameter(ge=0, le=(1 << 63) - 1)]
Start = Annotated[int, QueryParameter(name="from", ge=0, le=(1 << 63) - 1)]
Origin = Annotated[str, QueryParameter(max_length=1000)]


def create_app(witness: Witness) -> Litestar:
    """Its handlers wait for the disk and for locks, each in a thread."""

    @get(f"{PREFIX}/key", sync_to_thread=False)
    def key() -> Response[bytes]:
        return _response(witness.key())

    @get(f"{PREFIX}/state", sync_to_thread=True)
    def state() -> Response[bytes]:
        return _response(witness.state())

    @post(f"{PREFIX}/add-checkpoint", sync_to_thread=True, request_max_body_size=MOST_BYTES)
    def add_checkpoint(body: RawBody) -> Response[bytes]:
        return _response(witness.add_checkpoint(body))

    @post(f"{PREFIX}/add-entries", sync_to_thread=True, request_max_body_size=MOST_ENTRY_BYTES)
    def add_entries(origin: Origin, start: Start, body: RawBody) -> Response[bytes]:
        return _response(witness.add_entries(origin, start, body))

    @get(f"{PREFIX}/entries", sync_to_thread=True)
    def entries(origin: Origin, start: Start, count: Size) -> Response[bytes]:
        return _response(witness.entries(origin, start, count))

    return Litestar(
        route_handlers=[key, state, add_checkpoint, add_entries, entries],
        openapi_config=None,
        logging_config=None,
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )


def _response(answer: Answer) -> Response[bytes]:
    # As a header: Litestar would add a charset to `text/x.tlog.size`, and clients compare.
    kind = {"content-type": answer.media_type}
    return Response(answer.content, status_code=answer.status, headers=kind)


def _refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
    said = {
        400: "The address was not understood: origin, from and count, where they apply.",
        404: "There is nothing here.",
        413: "Too large.",
    }
    text = said.get(error.status_code, error.detail)
    return Response(f"{text}\n", status_code=error.status_code, media_type=MediaType.TEXT)


def _failed(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """A broken store or a full disk: nothing was cosigned."""
    reason = str(error) if isinstance(error, SettingFault) else type(error).__name__
    log.error("witness:request:failed", reason=reason, frames=frames(error))
    text = (
        "This witness cannot work now; nothing was cosigned. Its operator finds why in its log.\n"
    )
    return Response(text, status_code=500, media_type=MediaType.TEXT)
