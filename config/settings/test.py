"""The tests: the private servers that the pytest plugin has started, and cheap password hashing."""

from config.settings.dev import *

TRIAL = False
PASSWORD_HASHERS = ["tests.hashing.QuickArgon2"]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
