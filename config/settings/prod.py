"""Production. Everything secret comes from the environment or a file; nothing has a usable default."""

from urllib.parse import urlsplit

from config import env
from config.settings.base import *

SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 50 or env.is_default(SECRET_KEY):
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

# Secrets that others chose, or that stand inside an address; empty where there is none.
OTHERS = {
    "DATABASE_URL": DATABASES["default"]["PASSWORD"],  # noqa: F405
    "REDIS_URL": urlsplit(REDIS_URL).password or "",  # noqa: F405
    "EMAIL_HOST_PASSWORD": EMAIL_HOST_PASSWORD,  # noqa: F405
    "OIDC_CLIENT_SECRET": OIDC_CLIENT_SECRET,  # noqa: F405
    "SMS_GATEWAY_TOKEN": SMS_GATEWAY_TOKEN,  # noqa: F405
    "METRICS_TOKEN": METRICS_TOKEN,  # noqa: F405
}
for name, secret in OTHERS.items():
    if secret and env.is_default(secret):
        raise env.ConfigError(f"{name} holds a secret that is a default or guessed at once")

# Whoever else is on the wire reads and changes what goes over it: TLS, or a host that is named here because its network
# ends at this machine (compose's own).
PLAIN_HOSTS = {"", "localhost", "127.0.0.1", "::1", *env.words("PLAIN_TRANSPORT_HOSTS")}
server = DATABASES["default"]  # noqa: F405
if server["HOST"] not in PLAIN_HOSTS and server["OPTIONS"].get("sslmode") != "verify-full":
    raise env.ConfigError("DATABASE_URL must end in ?sslmode=verify-full, or PLAIN_TRANSPORT_HOSTS name the host")
broker = urlsplit(REDIS_URL)  # noqa: F405
if broker.hostname not in PLAIN_HOSTS and broker.scheme != "rediss":
    raise env.ConfigError("REDIS_URL must start with rediss://, or PLAIN_TRANSPORT_HOSTS name the host")
