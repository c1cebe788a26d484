"""Which topics a member wants by which channel: a box each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from django.http import HttpRequest

from caretill.people.topics import ALWAYS, TOPICS, Wishes
from caretill.web.forms.form import Form, Reader


@dataclass(frozen=True)
class MessagesForm(Form):
    """`wishes` by topic and channel: what stands in the boxes."""

    wishes: Wishes = field(default_factory=dict)

    @classmethod
    def read(cls, request: HttpRequest, before: Wishes, channels: Sequence[str]) -> Self:
        """What was posted of these channels, otherwise `before`; what has no box stays as it was."""
        if request.method != "POST":
            return cls(wishes=before)
        reader = Reader(request)
        boxes = {(topic, channel) for topic in TOPICS for channel in channels} - ALWAYS
        posted = {pair: f"{pair[0]}-{pair[1]}" in reader.post for pair in boxes}
        return cls(wishes={**before, **posted}, **reader.outcome())  # type: ignore[arg-type]
