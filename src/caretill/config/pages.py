"""The template engine: escaping on, compiled templates kept, and the words and amounts every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, FileSystemBytecodeCache, StrictUndefined

from caretill.core import ids, money, words


def environment(**options: Any) -> Environment:
    """The engine of the pages. A name that is not there is an error, never an empty place."""
    folder = settings.CARETILL_DATA / "cache" / "templates"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options["undefined"] = StrictUndefined
    engine = Environment(
        **options, bytecode_cache=FileSystemBytecodeCache(str(folder)), trim_blocks=True, lstrip_blocks=True
    )
    engine.globals.update(
        static=static,
        url=lambda name, *args, **kwargs: reverse(name, args=args or None, kwargs=kwargs or None),
        say=words.say,
        say_count=words.say_count,
        has_words=words.has,
    )
    engine.filters["money"] = money.show
    engine.filters["pay_code"] = ids.show_pay_code
    return engine
