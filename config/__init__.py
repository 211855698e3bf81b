"""How the product is run: settings, URLs, Celery. The only reader of the environment."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
