"""What the web server loads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caretill.config.settings")

application = get_wsgi_application()
# A page that cannot be imported stops the start, and the first payer does not wait for the others to be.
_ = get_resolver().url_patterns
