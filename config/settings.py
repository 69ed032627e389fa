"""Settings, one file, top to bottom. Each value comes from the environment or says why it is fixed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from config import embedded

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- where data lives ----------------------------------------------------------------------------------------------

# Everything this installation keeps for itself: embedded servers, the secret key, collected static files.
TRACKER_DATA_DIR = Path(env.str("TRACKER_DATA_DIR", default=str(BASE_DIR / ".data"))).expanduser().resolve()

# Unset means: start (or join) PostgreSQL and Valkey from wheels under TRACKER_DATA_DIR. One SQL dialect everywhere.
_database_url = env.str("DATABASE_URL", default="")
_redis_url = env.str("REDIS_URL", default="")
_own_database, _own_queue = not _database_url, not _redis_url
if (_own_database or _own_queue) and embedded.is_needed(sys.argv):
    embedded.join(TRACKER_DATA_DIR, database=_own_database, queue=_own_queue)

DATABASES = {"default": env.db_url_config(_database_url or embedded.database_url(TRACKER_DATA_DIR))}
DATABASES["default"]["CONN_MAX_AGE"] = 60  # a page should not pay for a new connection
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

_redis_url = _redis_url or embedded.redis_url(TRACKER_DATA_DIR)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _redis_url}}

# --- security ------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# Made once and kept in the data folder when the database is embedded; with a real server it must be given, since
# several machines share one database and must sign alike.
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not _own_database:
        raise ImproperlyConfigured(
            "DATABASE_URL is set and SECRET_KEY is not: set SECRET_KEY to a long random value, the same on every "
            "machine of this installation (python -c 'import secrets; print(secrets.token_urlsafe(50))' makes one)."
        )
    SECRET_KEY = embedded.secret_key(TRACKER_DATA_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Behind TLS set HTTPS=true: cookies, HSTS and the redirect follow. The default serves http on this machine.
_https = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from the same machine, without TLS
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31536000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Pages the public reads: nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Added to it under /admin/ alone: unfold's Alpine.js evaluates expressions, some of its templates carry inline styles.
ADMIN_CONTENT_SECURITY_POLICY = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}

# --- the application -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",  # the admin's look; must stand before django.contrib.admin
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "axes",
    "csp",
    "tracker",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "tracker.admin.policy.AdminPolicy",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",  # request id, user and address in every line it causes
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10  # guesses before an hour's pause
AXES_COOLOFF_TIME = 1  # hours
AXES_VERBOSE = False  # one line at every start says nothing to an operator
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en-gb"
USE_I18N = False  # one language; dates are shown as the source gives them
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"  # dates as the registry writes them, where Django writes one itself

# --- the admin -----------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "ExoTracker",
    "SITE_HEADER": "ExoTracker",
    "SITE_SUBHEADER": "for curators",
    "SITE_SYMBOL": "biotech",
    "STYLES": ["tracker.admin.notices.stylesheet"],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "tracker.admin.notices.favicon"}],
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "tracker.admin.notices.dashboard",  # what needs a person
    "SIDEBAR": {"navigation": "tracker.admin.notices.navigation"},
    # The pages' link colour, so that both look like one product; ratios 7.1 on white (600), 8.6 on dark (500).
    "COLORS": {
        "primary": {
            "50": "#eff5fc",
            "100": "#dbe9f8",
            "200": "#bcd7f2",
            "300": "#9dcaf5",
            "400": "#86bdf7",
            "500": "#86bdf7",
            "600": "#0a57a8",
            "700": "#084a90",
            "800": "#073c75",
            "900": "#052d58",
            "950": "#031d3a",
        }
    },
}

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(TRACKER_DATA_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.collected.CollectedFiles"},
}
# Before `collectstatic` the files are served from where they lie in the packages.
WHITENOISE_USE_FINDERS = not (Path(STATIC_ROOT) / "staticfiles.json").exists()

# --- the registry --------------------------------------------------------------------------------------------------

CTGOV_BASE_URL = env.str("CTGOV_BASE_URL", default="https://clinicaltrials.gov/api/v2")
# Honest by default; some addresses are refused by their agent, so an operator can change it.
HTTP_USER_AGENT = env.str("HTTP_USER_AGENT", default="ExoTracker/0.1 (research tool; clinical-translation evidence)")
# Seconds between two requests: the registry's robots.txt asks for one.
CTGOV_MIN_INTERVAL = env.float("CTGOV_MIN_INTERVAL", default=1.0)

# --- the literature ------------------------------------------------------------------------------------------------

EUROPEPMC_BASE_URL = env.str("EUROPEPMC_BASE_URL", default="https://www.ebi.ac.uk/europepmc/webservices/rest")
# Seconds between two requests: the service allows ten a second, and nobody waits for a night's pull.
EUROPEPMC_MIN_INTERVAL = env.float("EUROPEPMC_MIN_INTERVAL", default=1.0)

# --- Celery: the queue is only a poke, state lives in the database -------------------------------------------------

CELERY_BROKER_URL = _redis_url
CELERY_RESULT_BACKEND = None  # results live in sync runs, not in the queue
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 3 * 3600  # a whole pull takes minutes; three hours is a hang
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 120
# Longer than the longest task, else a running task would be handed out a second time.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- REST ----------------------------------------------------------------------------------------------------------

# Anonymous reads are not throttled unless this says so, for example "100/min" for each address.
API_THROTTLE = env.str("API_THROTTLE", default="")
if API_THROTTLE and not re.fullmatch(r"[1-9]\d*/(sec|min|hour|day)", API_THROTTLE):
    raise ImproperlyConfigured(f"API_THROTTLE is {API_THROTTLE!r}: set it to a number a time, as 100/min, or unset it.")
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # everybody reads the same, so no answer hangs on a session
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"] if API_THROTTLE else [],
    "DEFAULT_THROTTLE_RATES": {"anon": API_THROTTLE or None},
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),  # proxies of ours before the server, for the throttle
    "EXCEPTION_HANDLER": "tracker.api.asking.answer_problem",
    "URL_FORMAT_OVERRIDE": None,  # ?format= would be a parameter that no list knows
    "COERCE_DECIMAL_TO_STRING": False,  # numbers are JSON numbers
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ExoTracker",
    "DESCRIPTION": "Clinical-translation evidence for extracellular vesicles in lung cancer. Read-only. "
    "Source of the records: ClinicalTrials.gov. A research tool, not medical advice.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # without this Swagger UI sends the document's address to a validator on the internet
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None, "deepLinking": True, "defaultModelsExpandDepth": 0},
    # each of our vocabularies under its own name, wherever it stands
    "ENUM_NAME_OVERRIDES": {
        name: f"tracker.terms.{name}.choices"
        for name in (
            *("AnnotationState", "Answer", "ChangeKind", "Direction", "Facet", "FactOrigin", "FactState", "Momentum"),
            *("NoticeKind", "Origin", "Presence", "StudyFactName", "StudyOrigin"),
            *("Proposer", "Relevance", "Role", "RunKind", "RunState", "SetAsideState", "Step", "StopClass", "Track"),
        )
    }
    | {"ComponentName": "tracker.terms.Component.choices"},  # a component is also a shape
}
# Added for the API's documentation alone: Swagger UI draws its icons from data: addresses and sets inline styles.
API_DOCS_CONTENT_SECURITY_POLICY = {"style-src": [UNSAFE_INLINE]}

# --- logs ----------------------------------------------------------------------------------------------------------

# "line" is for a person at a terminal, "json" for a collector: one object a line.
_log_format = env.str("LOG_FORMAT", default="line")
if _log_format not in {"line", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT is {_log_format!r}: set it to line or json.")
_shared_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "chosen": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer()
            if _log_format == "json"
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
            "foreign_pre_chain": [*_shared_processors, structlog.processors.format_exc_info],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Two lines a request or task are for a collector; a person at a terminal wants to see what went wrong.
    "loggers": {"django_structlog": {"level": "INFO" if _log_format == "json" else "WARNING"}},
}
structlog.configure(
    processors=[
        *_shared_processors,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a task's name and id in every line it causes

# --- numbers for a monitor -----------------------------------------------------------------------------------------

# Off unless asked for: /metrics is open to whoever reaches it, so switch it on behind a proxy that closes it.
METRICS = env.bool("METRICS", default=False)
if METRICS:
    INSTALLED_APPS.insert(-1, "django_prometheus")
    MIDDLEWARE.insert(0, "django_prometheus.middleware.PrometheusBeforeMiddleware")
    MIDDLEWARE.append("django_prometheus.middleware.PrometheusAfterMiddleware")
