"""For commands that read a file and print: they run before a database, a broker or a secret is set up."""

import os

# The base asks for both addresses; nothing here may connect to either.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from config.settings.base import *

DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
SECRET_KEY = "protects nothing: no request is ever answered with these settings"
