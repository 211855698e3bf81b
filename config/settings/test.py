"""The tests: the private servers that the pytest plugin has started, and cheap password hashing."""

from config.settings.dev import *

TRIAL = False
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    *PASSWORD_HASHERS,  # noqa: F405 — the demo people come with their own
]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
