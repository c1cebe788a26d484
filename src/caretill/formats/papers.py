"""Papers that somebody sent in: what a file is by its content, and why it is not taken.

Nothing here draws a picture or runs a document. A file is taken when its structure is whole and it holds none of what a
PDF can do beyond showing pages (ISO 32000-2: actions 12.6, embedded files 7.11, encryption 7.6).
"""

from __future__ import annotations

import re
import zlib

LARGEST_BYTES = 10 * 1024 * 1024
_MOST_PIXELS = 100_000_000
_MOST_INFLATED = 32 * 1024 * 1024
_ENDINGS = {"pdf": "pdf", "jpg": "jpeg", "jpeg": "jpeg", "png": "png"}
# An ending inside a name that some system runs: `bill.exe.pdf` is not sent by mistake.
_RUN = frozenset(
    {
        *(
            "bat",
            "cmd",
            "com",
            "docm",
            "exe",
            "hta",
            "htm",
            "html",
            "jar",
            "js",
            "lnk",
            "msi",
            "ps1",
            "scr",
            "sh",
            "svg",
        ),
        *("vbs", "wsf", "xlsm", "zip"),
    }
)
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|Filespec|RichMedia|SubmitForm|ImportData|Rendition|GoToE|XFA|Encrypt)"
    rb"(?=[\s()<>\[\]{}/%]|$)"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\r|\n)")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/\w+|\d+ \d+ R)")
# A frame's markers but for those of tables and arithmetic conditioning (ITU-T T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG = b"\x89PNG\r\n\x1a\n"


class Refused(ValueError):
    """Why a file is not taken: `code` is `empty`, `large`, `kind`, `name`, `active`, `locked` or `broken`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def judge(body: bytes, name: str) -> tuple[str, bytes]:
    """The kind (`pdf`, `jpeg`, `png`) and what is kept of the file: whatever follows the end of a picture is cut off.

    The content says what it is; a name that says something else is refused. Raises Refused.
    """
    if not body:
        raise Refused("empty")
    if len(body) > LARGEST_BYTES:
        raise Refused("large")
    kind, kept = _by_content(body)
    parts = [part.strip().lower() for part in name.split(".")[1:]]
    if not _RUN.isdisjoint(parts) or (parts and _ENDINGS.get(parts[-1]) != kind):
        raise Refused("name")
    return kind, kept


def _by_content(body: bytes) -> tuple[str, bytes]:
    if body.startswith(b"%PDF-"):
        _pdf(body)
        return "pdf", body
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg", body[: _jpeg_end(body)]
    if body.startswith(_PNG):
        return "png", body[: _png_end(body)]
    raise Refused("kind")


def _pdf(body: bytes) -> None:
    if b"%%EOF" not in body[-2048:] or b"startxref" not in body:
        raise Refused("broken")
    _quiet(body)
    left, inside = _MOST_INFLATED, _plain(body).count(b"/ObjStm")
    for found in _STREAM.finditer(body):
        begins = max(body.rfind(b"obj", 0, found.start()), found.start() - 4096, 0)
        head = _plain(body[begins : found.start()])
        if b"/ObjStm" in head:
            inner = _inflated(body[found.end() :], head, left)
            left, inside = left - len(inner), inside - 1
            _quiet(inner)
    # An object stream that was not found is one that was hidden.
    if inside > 0:
        raise Refused("broken")


def _plain(text: bytes) -> bytes:
    """Names as readers see them: `/J#61vaScript` is `/JavaScript`."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _quiet(text: bytes) -> None:
    found = _ACTIVE.search(_plain(text))
    if found:
        raise Refused("locked" if found[0] == b"/Encrypt" else "active")


def _inflated(data: bytes, head: bytes, most: int) -> bytes:
    """The objects inside an object stream (7.5.7). Only the usual packing is read; any other hides something."""
    packing = _FILTER.search(head)
    if packing is None:
        return data[: data.find(b"endstream")]
    if packing[1].strip(b"[] ") != b"/FlateDecode" or b"/Predictor" in head:
        raise Refused("broken")
    unpack = zlib.decompressobj()
    try:
        inner = unpack.decompress(data, most)
    except zlib.error:
        raise Refused("broken") from None
    if not unpack.eof:
        raise Refused("broken")
    return inner


def _sized(width: int, height: int) -> None:
    if not 0 < width * height <= _MOST_PIXELS:
        raise Refused("broken")


def _jpeg_end(body: bytes) -> int:
    """Where the picture ends (T.81, B.1): segments with lengths, scans, one frame."""
    at, framed = 2, False
    while at + 4 <= len(body):
        if body[at] != 0xFF:
            raise Refused("broken")
        marker = body[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            break
        length = int.from_bytes(body[at + 2 : at + 4], "big")
        if length < 2 or marker in (0x00, 0x01, 0xD8):
            raise Refused("broken")
        if marker in _FRAMES:
            _sized(int.from_bytes(body[at + 7 : at + 9], "big"), int.from_bytes(body[at + 5 : at + 7], "big"))
            framed = True
        at += 2 + length
        if marker == 0xDA:
            at = _scan_end(body, at)
    if not framed or body[at : at + 2] != b"\xff\xd9":
        raise Refused("broken")
    return at + 2


def _scan_end(body: bytes, at: int) -> int:
    """The next marker that is not part of a scan's data: stuffed zeros and restarts are."""
    while (at := body.find(b"\xff", at)) != -1 and at + 1 < len(body):
        if body[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2
    raise Refused("broken")


def _png_end(body: bytes) -> int:
    """Where the picture ends (PNG, chapter 5): chunks with a check, the header first, data between, the end last."""
    at, first, data = len(_PNG), True, False
    while at + 12 <= len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        name, end = body[at + 4 : at + 8], at + 12 + length
        if zlib.crc32(body[at + 4 : end - 4]).to_bytes(4, "big") != body[end - 4 : end] or first != (name == b"IHDR"):
            raise Refused("broken")
        if first:
            _sized(int.from_bytes(body[at + 8 : at + 12], "big"), int.from_bytes(body[at + 12 : at + 16], "big"))
        first, data, at = False, data or name == b"IDAT", end
        if name == b"IEND" and data:
            return end
    raise Refused("broken")
