"""What every installation shares. Only what differs between machines is a setting; rules are data."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import env
from config.finders import package_file
from config.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parents[2]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "import_export",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "notifications",
    "kpi",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Pads its answers at random, so that their length tells nothing about secrets in them.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionEndMiddleware",
    "accounts.middleware.DoorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.SignedOutMiddleware",
    "kpi.web.errors.RefusalMiddleware",
    "kpi.web.errors.PlainInputMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {
                "accounts_ui": "accounts.web.templatetags.accounts_ui",
                "kpi_ui": "kpi.web.templatetags.kpi_ui",
                "boards": "kpi.web.templatetags.boards",
                "living_ui": "kpi.web.templatetags.living_ui",
                "bulletin_ui": "kpi.web.templatetags.bulletin_ui",
                "score_ui": "kpi.web.templatetags.score_ui",
                "desk_ui": "kpi.web.templatetags.desk_ui",
                "changes_ui": "kpi.web.templatetags.changes_ui",
                "inbox_ui": "kpi.web.templatetags.inbox_ui",
                "planning_ui": "kpi.web.templatetags.planning_ui",
                "decomposing_ui": "kpi.web.templatetags.decomposing_ui",
                "trail_ui": "kpi.web.templatetags.trail_ui",
                "log_ui": "notifications.web.log_ui",
                "reminding_ui": "kpi.web.templatetags.reminding_ui",
                "story_ui": "kpi.web.templatetags.story_ui",
            },
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.trial",
                "notifications.context.unread",
                "kpi.web.context.navigation",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL") | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
# A machine that is gone does not answer at all; without this a visitor would wait for minutes.
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# mlps3 (等保三级) or asvs: accounts/passwords.py says what each asks for.
PASSWORD_POLICY = env.text("PASSWORD_POLICY", "mlps3")
if PASSWORD_POLICY not in ("mlps3", "asvs"):
    raise env.ConfigError("PASSWORD_POLICY must be mlps3 or asvs")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.PolicyValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# A wrong password is counted by account and address, so that nobody locks somebody else out from elsewhere. The address
# is the one the trusted proxy vouches for (config/wsgi.py); what a visitor claims in headers counts for nothing.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_RESET_ON_SUCCESS = True
# Who goes on trying while it is locked does not lock it for longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "accounts.lockout.account_of"
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.address_of"
# It writes down what was sent with a wrong password: never what stood in a field for one.
AXES_SENSITIVE_PARAMETERS = ["username", "password", "csrfmiddlewaretoken"]
AXES_SENSITIVE_PARAMETERS += ["old_password", "new_password1", "new_password2"]
# The audit trail keeps who came and went.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Its middleware would put a bare page in place of the form: the sign-in page says itself that it is locked.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

# Roles that prove more than a password at every sign-in; whoever sets up an authenticator app does so in any case.
SECOND_FACTOR_ROLES = env.words("SECOND_FACTOR_ROLES")
OTP_TOTP_ISSUER = "政府工作报告目标任务跟踪"

# The city's identity platform (OpenID Connect), if there is an issuer. The claim is the account's name.
OIDC_ISSUER = env.text("OIDC_ISSUER", "")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", None if OIDC_ISSUER else "")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", None if OIDC_ISSUER else "")
OIDC_ACCOUNT_CLAIM = env.text("OIDC_ACCOUNT_CLAIM", "preferred_username")

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

# Sessions live in PostgreSQL: nobody is signed out because Redis is away.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The chart library of the KPI page, out of the wheel that carries it (docs/adr/0013-echarts-from-a-wheel.md).
STATIC_SINGLE_FILES = {"echarts/echarts.esm.min.js": package_file("instaui_echarts", "static/echarts.esm.min.js")}
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.finders.SingleFileFinder",
]

# Fields of a form, without the files beside them; anything larger is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A grid of 400 indicators sends about seven fields a line.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
# More than a report may hold, so that one file too many is answered in words and not by a bare error.
DATA_UPLOAD_MAX_NUMBER_FILES = 30

# Evidence lies outside every folder the web server shows, readable by the product's own user alone.
EVIDENCE_DIR = env.folder("EVIDENCE_DIR", str(BASE_DIR / ".run" / "evidence"))
EVIDENCE_MAX_BYTES = env.integer("EVIDENCE_MAX_MB", 20) * 1024 * 1024
EVIDENCE_MAX_FILES = 10
# Workbooks made for download: private like evidence, but they can be made again, so that none is kept for long.
EXPORTS_DIR = env.folder("EXPORTS_DIR", str(BASE_DIR / ".run" / "exports"))
EXPORTS_KEPT_DAYS = env.integer("EXPORTS_KEPT_DAYS", 7)
# Where the head of the audit trail is written down each hour; best on another disk, append-only (chattr +a).
AUDIT_CHECKPOINT_FILE = env.folder("AUDIT_CHECKPOINT_FILE", str(BASE_DIR / ".run" / "audit-checkpoints"))
# From which age on archive_audit hands entries of the trail out for long keeping; none is ever deleted. The law
# (网络安全法 21 (3)) asks for six months of logs: below that nothing starts.
AUDIT_KEPT_DAYS = env.integer("AUDIT_KEPT_DAYS", 1096, least=183, why="the law asks for six months")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "evidence": {
        "BACKEND": "kpi.services.vault.DurableStorage",
        "OPTIONS": {
            "location": EVIDENCE_DIR,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "exports": {
        "BACKEND": "kpi.services.vault.DurableStorage",
        "OPTIONS": {
            "location": EXPORTS_DIR,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "kpi.web.errors.csrf_failed"
SECURE_REFERRER_POLICY = "same-origin"

REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
# A call is acknowledged when its work is done, and comes again if the process dies over it: all tasks may be repeated.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
# No task retries: the next tick is the retry. Whatever hangs is ended, softly after 60 s and for good after 90.
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
# A worker that is stopped with REMAP_SIGTERM=SIGQUIT gives its tasks so long, and then ends them (deploy, config/run).
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
# A broker that went away does not undo the work: what is being sent is sent, though its call will come once more.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_PUBLISH_RETRY = False
# Worker and beat wait for the broker for ever instead of giving up after 100 tries.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Far above the longest task, so that a slow one is not started twice.
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # A connection whose answer is overdue by so long is made anew: a frozen broker must not leave deaf workers behind.
    "health_check_interval": 10,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}

EMAIL_HOST = env.text("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "duchashi@example.invalid")
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rsplit("@", 1)[-1]
# Whose X-Forwarded-For is believed: addresses or networks, separated by commas; "*" only where nobody else can connect.
TRUSTED_PROXIES = env.text("TRUSTED_PROXIES", "127.0.0.1")
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000")

# What sending asks about working time and about what still matters (notifications/rules.py).
NOTIFICATION_RULES = "kpi.services.sending_rules.SendingRules"
# How long a sender keeps a message before another may take it over. A mail server has EMAIL_TIMEOUT for each of up to
# ten answers, and a worker's task is ended after 90 s: whoever is taken over is no longer sending.
SENDING_LEASE_SECONDS = env.integer("SENDING_LEASE_SECONDS", 120)
if SENDING_LEASE_SECONDS < 5:
    raise env.ConfigError("SENDING_LEASE_SECONDS must be at least 5")
# Whom `manage.py alarm` writes to without the outbox, and the file whose time says when it last did.
ALARM_EMAIL = env.words("ALARM_EMAIL")
ALARM_STATE_FILE = env.folder("ALARM_STATE_FILE", str(Path(gettempdir()) / "kpi-alarm-mailed"))
# What a scraper of /metrics must know; without it there is no such page.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
# Telephone messages go to one gateway of the city's; without its address nobody is sent any.
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL", "")
SMS_GATEWAY_TOKEN = env.text("SMS_GATEWAY_TOKEN", "")
# Where group robots are reached: these hosts by https and on public addresses only. A relay of the city's own network
# is named with how it is reached (host, host:port, http://host:port) and may have any address.
ROBOT_HOSTS = env.words("ROBOT_HOSTS", "qyapi.weixin.qq.com,oapi.dingtalk.com,open.feishu.cn")
ROBOT_RELAYS = env.words("ROBOT_RELAYS", "")

# The trial's shifted clock; production leaves it at zero.
CLOCK_OFFSET = timedelta(0)
TRIAL = False
TRIAL_PASSWORD = ""

REST_FRAMEWORK = {
    # Who asks, and how formats are chosen, is named by kpi.api.operations.ApiView.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # No browsable pages: the document and docs/api.md say what there is.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "kpi.api.problems.respond",
    "COERCE_DECIMAL_TO_STRING": True,
}
# A courtesy among callers, counted by all processes together.
API_REQUESTS_A_MINUTE = {
    "person": env.integer("API_PERSON_REQUESTS_A_MINUTE", 300),
    "service": env.integer("API_SERVICE_REQUESTS_A_MINUTE", 600),
}
SPECTACULAR_SETTINGS = {
    "TITLE": _("政府工作报告目标任务跟踪 接口"),
    "DESCRIPTION": _("与网页同一套规则：填报、审签、审定、批示、导出等。用法见 docs/api.md"),
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kpi.api.schema.name_addresses",
        "kpi.api.schema.list_codes",
    ],
    "ENUM_NAME_OVERRIDES": {
        "LampEnum": "kpi.api.bodies.year.LAMPS",
        "IndicatorKindEnum": "kpi.api.bodies.configuring.KINDS",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # They write down the addresses they call, and a robot's address is its key: silent whatever the level elsewhere.
    "loggers": {
        name: {"level": "CRITICAL", "propagate": False, "handlers": ["nowhere"]} for name in ("httpx", "httpcore")
    },
}
