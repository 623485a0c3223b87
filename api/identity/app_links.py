"""Which apps may open our links and use our passkeys; Android and iOS each ask in their own way."""

from typing import Any

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from api.core import runtime
from api.identity.guards import API, anyone

# What a code on paper leads to.
OPENED = "/register*"


@get("/.well-known/assetlinks.json", guards=[anyone], opt=API, tags=["Apps"])
async def asset_links() -> list[dict[str, Any]]:
    """Digital Asset Links; empty where the network has no app."""
    return [
        {
            "relation": [
                "delegate_permission/common.handle_all_urls",
                "delegate_permission/common.get_login_creds",
            ],
            "target": {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": list(fingerprints),
            },
        }
        for package, fingerprints in runtime.settings().android_apps
    ]


@get("/.well-known/apple-app-site-association", guards=[anyone], opt=API, tags=["Apps"])
async def apple_app_site_association() -> Response[dict[str, Any]]:
    """Universal links and web credentials; empty lists where the network has no app."""
    apps = list(runtime.settings().ios_apps)
    details = [{"appIDs": apps, "components": [{"/": OPENED}]}] if apps else []
    return Response(
        {"applinks": {"details": details}, "webcredentials": {"apps": apps}},
        media_type="application/json",
    )


routes: list[ControllerRouterHandler] = [asset_links, apple_app_site_association]
