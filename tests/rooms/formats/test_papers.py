"""Files that people send in: told by what is in them, refused where they could do more than be looked at."""

from __future__ import annotations

import pytest

from caretill.formats import papers
from house.sent_papers import jpeg, packed, pdf, png

GOOD = [
    (pdf(), "bill.pdf", "pdf"),
    (pdf(), "Factura 3.2.PDF", "pdf"),
    (pdf(), "scan", "pdf"),
    (pdf(stream=packed(b"1 0 << /Type /Page >>")), "bill.pdf", "pdf"),
    (pdf(b"/Title (How to launch JavaScript)"), "bill.pdf", "pdf"),
    (jpeg(), "IMG_0001.JPG", "jpeg"),
    (jpeg(), "a.jpeg", "jpeg"),
    (png(), "x.png", "png"),
]
BAD = [
    (b"", "bill.pdf", "empty"),
    (b"%PDF-" + b"0" * papers.LARGEST_BYTES, "bill.pdf", "large"),
    (b"GIF89a", "a.gif", "kind"),
    (b"MZ\x90\x00", "bill.pdf", "kind"),
    (b"<html><script>alert(1)</script>", "bill.pdf", "kind"),
    (b" " + pdf(), "bill.pdf", "kind"),
    (pdf(), "bill.pdf.exe", "name"),
    (pdf(), "bill.exe.pdf", "name"),
    (pdf(), "bill.jpg", "name"),
    (png(), "bill.pdf", "name"),
    (pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "bill.pdf", "active"),
    (pdf(b"/OpenAction << /S /J#61vaScr#69pt /JS (app.alert(1)) >>"), "bill.pdf", "active"),
    (pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"), "bill.pdf", "active"),
    (pdf(b"/Names << /EmbeddedFiles 4 0 R >>"), "bill.pdf", "active"),
    (pdf(b"/AcroForm << /XFA 4 0 R >>"), "bill.pdf", "active"),
    (pdf(stream=packed(b"1 0 << /S /JavaScript /JS (x) >>")), "bill.pdf", "active"),
    (pdf(stream=packed(b"x", b"/LZWDecode").replace(b"/ObjStm", b"/Obj#53tm")), "bill.pdf", "broken"),
    (pdf(stream=packed(b"x").replace(b"stream\n", b"stream")), "bill.pdf", "broken"),
    (pdf(stream=packed(b"x").replace(b"/N 1", b"/P (" + b"0" * 5000 + b") /N 1 /P (obj)")), "bill.pdf", "broken"),
    (pdf(stream=packed(b"1 0", b"[/ASCIIHexDecode /FlateDecode]")), "bill.pdf", "broken"),
    (pdf(stream=packed(b"1 0", b"9 0 R")), "bill.pdf", "broken"),
    (pdf(stream=packed(b"\0" * (33 * 1024 * 1024))), "bomb.pdf", "broken"),
    (pdf(b"/Encrypt 7 0 R"), "bill.pdf", "locked"),
    (pdf()[:60], "bill.pdf", "broken"),
    (jpeg()[:-2], "a.jpg", "broken"),
    (jpeg()[:30], "a.jpg", "broken"),
    (jpeg(65_000, 65_000), "a.jpg", "broken"),
    (jpeg(0, 10), "a.jpg", "broken"),
    (png()[:-4], "a.png", "broken"),
    (png(60_000, 60_000), "a.png", "broken"),
    (png().replace(b"IDAT", b"IDAX"), "a.png", "broken"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "name", "kind"), GOOD)
def test_a_sound_file_is_known_by_its_content(body: bytes, name: str, kind: str) -> None:
    assert papers.judge(body, name) == (kind, body)


@pytest.mark.parametrize(("body", "name", "code"), BAD, ids=lambda each: repr(each)[:40])
def test_a_hostile_or_broken_file_is_refused(body: bytes, name: str, code: str) -> None:
    with pytest.raises(papers.Refused) as refused:
        papers.judge(body, name)
    assert refused.value.code == code


@pytest.mark.parametrize("make", [jpeg, png])
def test_what_hides_behind_a_picture_is_cut_off(make: type[object]) -> None:
    name = "a.jpg" if make is jpeg else "a.png"
    assert papers.judge(make(tail=b"PK\x03\x04 a program"), name)[1] == make()
