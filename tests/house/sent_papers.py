"""Files that somebody might send in: whole ones, and hostile ones, made by hand."""

from __future__ import annotations

import zlib


def pdf(extra: bytes = b"", stream: bytes = b"") -> bytes:
    """A document of one page; `extra` stands in its catalog, `stream` is a further object."""
    body = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + extra + b" >>\nendobj\n"
    body += b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" + stream
    return body + b"xref\n0 1\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def packed(inner: bytes, packing: bytes = b"/FlateDecode") -> bytes:
    """Objects inside an object stream."""
    data = zlib.compress(inner)
    return (
        b"5 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter "
        + packing
        + b" >>\nstream\n"
        + data
        + b"\nendstream\nendobj\n"
    )


def jpeg(wide: int = 64, high: int = 48, tail: bytes = b"") -> bytes:
    """The structure of a photo, with a scan of nothing in particular."""
    frame = b"\xff\xc0\x00\x0b\x08" + high.to_bytes(2, "big") + wide.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 9 + frame + scan + b"\xff\xd9" + tail


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(wide: int = 2, high: int = 2, tail: bytes = b"") -> bytes:
    """A picture of two by two dots, or one that says it is larger."""
    head = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    data = zlib.compress(b"\x00\x01\x02" * 2)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"") + tail
