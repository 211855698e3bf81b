"""The trial of ``make run``: embedded servers, a shifted clock, demo people. Never on a network."""

from datetime import timedelta
from pathlib import Path

from config import env
from config.settings.base import *

SECRET_KEY = env.text("SECRET_KEY", "trial-only-key-that-protects-nothing-beyond-this-machine")
DEBUG = env.flag("DEBUG", False)
ALLOWED_HOSTS = ["*"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

TRIAL = True
TRIAL_PASSWORD = "trial-2025-zjj"
TRIAL_MAIL_DIR = Path(env.text("TRIAL_MAIL_DIR", str(BASE_DIR / ".run" / "mail")))  # noqa: F405
CLOCK_OFFSET = timedelta(seconds=env.integer("KPI_CLOCK_OFFSET_SECONDS", 0))
