"""Pages about proxies: my own and those I act for, one tap between them, safe mode, officers."""

from litestar.types import ControllerRouterHandler

from web_portal.pages.proxies import acting, mine, nominee, officers, safety

routes: list[ControllerRouterHandler] = [
    *mine.routes,
    *acting.routes,
    *nominee.routes,
    *safety.routes,
    *officers.routes,
]
