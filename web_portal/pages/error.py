"""A refusal as a page: what happened, what is safe, what to do next, and a way back."""

from typing import Any

from litestar import Request
from litestar.response import Response

from api.core import i18n
from api.core.errors import Problem
from web_portal.page import frame, preferences, say


def error_page(
    request: Request[Any, Any, Any], problem: Problem, reference: str | None
) -> Response[bytes]:
    # A page about a fault asks the database for nothing: it may be the database that failed.
    locale = preferences(request).locale
    following = None
    if i18n.has_text(locale, f"{problem.key}.next"):
        following = say(request, f"{problem.key}.next", **problem.params)
    return frame(
        request,
        "error.html",
        None,
        status=problem.status,
        problem={
            "what": say(request, problem.key, **problem.params),
            "next": following,
            "reference": reference,
        },
        back={"href": "/", "label": say(request, "error.back")},
    )
