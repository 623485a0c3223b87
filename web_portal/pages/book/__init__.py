"""The pages of what participants write themselves, book by book."""

from litestar.types import ControllerRouterHandler

routes: list[ControllerRouterHandler] = []
