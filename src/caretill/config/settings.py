"""Django's settings, all in one file; what differs between installations comes from the environment (env.py)."""

from __future__ import annotations

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from caretill import version
from caretill.config import database, env, logs

ENVIRONMENT = env.read()

CARETILL_VERSION = version()
CARETILL_DATA = ENVIRONMENT.data
CARETILL_ORGANISATION = ENVIRONMENT.organisation
CARETILL_BLIND_KEY = ENVIRONMENT.blind_key
CARETILL_SEAL_KEYS = ENVIRONMENT.seal_keys
CARETILL_SEAL_KEYS_FILE = ENVIRONMENT.seal_keys_file
CARETILL_PROCESSOR_URL = ENVIRONMENT.processor_url
CARETILL_PROCESSOR_KEY = ENVIRONMENT.processor_key
CARETILL_PROCESSOR_CALLBACK_SECRET = ENVIRONMENT.processor_callback_secret
CARETILL_PUBLIC_URL = ENVIRONMENT.public_url
CARETILL_SMTP_URL = ENVIRONMENT.smtp_url
CARETILL_MAIL_FROM = ENVIRONMENT.mail_from
CARETILL_TEXTS = ENVIRONMENT.texts
CARETILL_PUSH = ENVIRONMENT.push
CARETILL_TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
CARETILL_SECRET_KEY = SECRET_KEY = ENVIRONMENT.secret_key
CARETILL_DEBUG = DEBUG = ENVIRONMENT.debug

_public = urlsplit(CARETILL_PUBLIC_URL)
_secure = _public.scheme == "https"
_local = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [_public.hostname or "", *_local]
CSRF_TRUSTED_ORIGINS = [CARETILL_PUBLIC_URL]

INSTALLED_APPS = [
    "caretill.core",
    "caretill.ledger",
    "caretill.people",
    "caretill.billing",
    "caretill.methods",
    "caretill.payments",
    "caretill.ach",
    "caretill.autopay",
    "caretill.reconcile",
    "caretill.intake",
    "caretill.letters",
]
MIDDLEWARE = [
    "caretill.config.logs.request_log",
    "django.middleware.security.SecurityMiddleware",
    "caretill.config.headers.private_pages",
    "csp.middleware.CSPMiddleware",
    "caretill.web.middleware.Shell",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "caretill.config.urls"
CSRF_FAILURE_VIEW = "caretill.web.pages.errors.csrf_failure"
WSGI_APPLICATION = "caretill.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = database.django_databases(ENVIRONMENT)
# Limits that must hold across processes are rows (core.limits); this cache only saves work within one process.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Pages are made by caretill.web.jinja, and its assets are held in memory: no template engine, no static files here.
TEMPLATES: list[dict[str, object]] = []

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
# Words come from caretill/words (core.words), not from gettext.
USE_I18N = False

# Text only: nothing is uploaded, and a form of ours has few fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

_origin = urlsplit(CARETILL_PROCESSOR_URL)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        # The last form answers with a redirect to the processor's page, which browsers count as a form's target.
        "form-action": [SELF, f"{_origin.scheme}://{_origin.netloc}"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
# `no-referrer` would make browsers post forms with `Origin: null`, which the forgery check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _secure
if _secure:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

LOGGING_CONFIG = None
logs.set_up()
