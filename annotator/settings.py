"""Django settings: fixed choices here, an installation's choices in ``config.py``."""

from __future__ import annotations

from typing import Any

import dj_database_url

from annotator.config import ROOT, config
from annotator.headers import POLICY
from annotator.private import close_folder, make_private

BASE_DIR = ROOT
DATA_DIR = config.data
make_private()
DATA_DIR.mkdir(parents=True, exist_ok=True)
# Nobody gets past it, whatever lies in it; the rest is mended once, by whoever starts everything (framewise/serve.py).
close_folder(DATA_DIR)

SECRET_KEY = config.signing_key
DEBUG = config.debug
ALLOWED_HOSTS = config.hosts
CSRF_TRUSTED_ORIGINS = config.trusted_origins
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = config.https
PROXIES = config.proxies if config.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if config.https else None

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # For the files of the API's page, which would come from elsewhere otherwise.
    "ninja",
    "channels",
    "django_tasks",
    "django_tasks_db",
    "django_vite",
    "annotator",
]

SECURE_CSP = POLICY
# Only told through HTTPS: to come by it alone from now on.
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if config.https else 0

MIDDLEWARE = [
    "annotator.answers.LongAnswers",
    "annotator.headers.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "annotator.sessions.SessionLimits",
    "annotator.asking.Asking",
    "django.contrib.messages.middleware.MessageMiddleware",
    "annotator.pages.second_step.SecondFactorFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "annotator.urls"
ASGI_APPLICATION = "annotator.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "annotator.pages.notifications.unread",
                "annotator.pages.second_step.second_factor_due",
            ],
        },
    },
]

SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "framewise.sqlite3",
    "OPTIONS": {
        # A write transaction takes its lock at once: a later upgrade from read to write can't fail half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    },
    # Closing the last connection writes the log back into the database, and that after each of a run's batches.
    "CONN_MAX_AGE": 600,
    "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
}
DATABASES = {
    "default": dj_database_url.parse(config.database_url, conn_max_age=60) if config.database_url else SQLITE,
}

CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 gives sockets a 5 s timeout, which ends the layer's blocking pop and with it idle sockets.
        "CONFIG": {"hosts": [{"address": config.redis_url, "socket_timeout": None}], "capacity": 10_000},
    }
    if config.redis_url
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}},
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": config.redis_url}
    if config.redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SEVERAL_WEB_PROCESSES = bool(config.redis_url)

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "playback", "webhooks"]}}

AUTH_USER_MODEL = "annotator.User"
AUTHENTICATION_BACKENDS = ["annotator.sign_in.NameOrEmail"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

OPENID = config.openid

PUBLIC_URL = config.address
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if config.mail_host else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = config.mail_host, config.mail_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = config.mail_user, config.mail_password
EMAIL_USE_TLS, EMAIL_USE_SSL = config.mail_security == "starttls", config.mail_security == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = config.mail_from

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
DJANGO_VITE = {
    "default": {
        "manifest_path": BASE_DIR / "static" / "dist" / "manifest.json",
        "static_url_prefix": "dist",
    }
}

MEDIA_ROOT = DATA_DIR / "media"
MEDIA_BUCKET = config.bucket
SCRATCH_DIR = config.scratch or DATA_DIR / "scratch"
UPLOAD_LIMIT = config.upload_limit
# An upload arrives in chunks of at most 8 MiB; a page's form is never larger.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
X_FRAME_OPTIONS = "DENY"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"daphne": {"level": "WARNING"}, "django.channels.server": {"level": "WARNING"}},
}
