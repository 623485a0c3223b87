"""Piccolo's configuration: the engine and the one migrations app."""

from piccolo.conf.apps import AppRegistry

from api.core.database import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["migrations.piccolo_app"])
