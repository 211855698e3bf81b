"""Production. Everything secret comes from the environment or a file; nothing has a usable default."""

from config import env
from config.settings.base import *

SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 50 or "insecure" in SECRET_KEY or SECRET_KEY.startswith("trial"):
    raise env.ConfigError("SECRET_KEY must be at least 50 random characters")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}  # noqa: F405
# Named, not guessed: a folder inside the container would be gone with it.
EVIDENCE_DIR, EXPORTS_DIR = env.folder("EVIDENCE_DIR"), env.folder("EXPORTS_DIR")
AUDIT_CHECKPOINT_FILE = env.folder("AUDIT_CHECKPOINT_FILE")
OUTSIDE = {
    "EVIDENCE_DIR": EVIDENCE_DIR,
    "EXPORTS_DIR": EXPORTS_DIR,
    "AUDIT_CHECKPOINT_FILE": AUDIT_CHECKPOINT_FILE,
}
for name, folder in OUTSIDE.items():
    if folder.is_relative_to(BASE_DIR):  # noqa: F405
        raise env.ConfigError(f"{name} must lie outside the program's own folder")

SECOND_FACTOR_ROLES = env.words("SECOND_FACTOR_ROLES", "system_admin,security_admin,auditor,supervisor")

if OIDC_ISSUER and not OIDC_ISSUER.startswith("https://"):  # noqa: F405
    raise env.ConfigError("OIDC_ISSUER must start with https://: who signs in is told by it")

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
