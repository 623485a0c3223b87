"""Pages about proxies: my own and those I act for, one tap between them, safe mode, officers."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.proxies import acting, mine, officers, safety

routes: list[ControllerRouterHandler] = [
    *mine.routes,
    *acting.routes,
    *safety.routes,
    *officers.routes,
]
