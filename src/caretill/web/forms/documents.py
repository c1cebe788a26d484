"""Papers that somebody sends us: what they are about, and the files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from caretill.formats import papers
from caretill.intake.documents import MOST_FILES
from caretill.web.forms.form import Form, Reader

ABOUT = ("bill", "help", "other")


@dataclass(frozen=True)
class DocumentsForm(Form):
    """`files` holds each file as (kind, content), judged; a browser never gives a file twice, so none is kept."""

    about: str = ""
    number: str = ""
    name: str = ""
    files: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What was posted, or an empty form."""
        reader = Reader(request)
        about = reader.text("about")
        if about not in ABOUT:
            about = ""
            reader.fault("about", "documents.error.about")
        number = reader.text("number", longest=24)
        name = reader.text("name", missing="documents.error.name", longest=80)
        files = _files(request, reader) if reader.judged else ()
        return cls(about=about, number=number, name=name, files=files, **reader.outcome())  # type: ignore[arg-type]


def _files(request: HttpRequest, reader: Reader) -> tuple[tuple[str, bytes], ...]:
    given = request.FILES.getlist("files")
    if not given:
        reader.fault("files", "documents.error.none")
    elif len(given) > MOST_FILES:
        reader.fault("files", "documents.error.many", most=MOST_FILES)
    elif sum(each.size or 0 for each in given) > papers.LARGEST_BYTES:
        reader.fault("files", "documents.error.large")
    else:
        return tuple(_judged(each.read(), each.name or "", place, reader) for place, each in enumerate(given, 1))
    return ()


def _judged(body: bytes, name: str, place: int, reader: Reader) -> tuple[str, bytes]:
    """The fault says which of several files it was by its place: a name may say more than its sender thinks of."""
    try:
        return papers.judge(body, name)
    except papers.Refused as refused:
        reader.fault(
            "files", f"documents.error.{'name_wrong' if refused.code == 'name' else refused.code}", place=place
        )
        return "", b""
