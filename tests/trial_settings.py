"""The trial as the tests run it: its people's passwords are hashed as quickly as the tests' own."""

from config.settings.dev import *  # noqa: F403 — settings are read as a whole

PASSWORD_HASHERS = ["tests.hashing.QuickArgon2"]
