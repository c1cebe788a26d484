"""The demo's mailbox: real SMTP in, a page and JSON out, nothing sent on, nothing lost."""

from __future__ import annotations

import json
import re
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import html5lib
import pytest

from caretill.sim.mailbox import LARGEST, Store, main, read_message
from caretill.sim.mailbox_page import Message, mail, mail_list

ROOT = Path(__file__).resolve().parents[3]


class Running:
    """The program, started on free ports."""

    def __init__(self, store: Path) -> None:
        command = [sys.executable, "-m", "caretill.sim.mailbox"]
        command += ["--smtp-port", "0", "--http-port", "0", "--store", str(store)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT / "src")}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        ports = re.fullmatch(r"mailbox listening on (http://127\.0\.0\.1:\d+) and smtp://127\.0\.0\.1:(\d+)\n", line)
        assert ports, line
        self.url, self.smtp_port = ports.group(1), int(ports.group(2))

    def send(self, message: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as smtp:
            smtp.send_message(message)

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "mail")
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0
    assert running.process.stdout is not None
    running.process.stdout.close()


def a_mail(subject: str = "Su recibo está listo", html: str = "<p>Hola</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Larkspur Health <billing@example.org>"
    message["To"] = "Ana Núñez <ana@example.com>"
    message["Subject"] = subject
    message["Message-ID"] = "<one@example.org>"
    message.set_content("Abra su recibo:\nhttps://pay.example.org/r/abc-_9?lang=es.\n\n<b>¿Preguntas?</b>\n")
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = "es"
    return message


def test_a_mail_comes_in_and_is_shown(mailbox: Running) -> None:
    assert "No mail has come yet" in mailbox.get("/")[1]
    mailbox.send(a_mail())
    shown = json.loads(mailbox.get("/messages.json")[1])["messages"]
    assert [each["subject"] for each in shown] == ["Su recibo está listo"]
    assert shown[0]["to"] == "Ana Núñez <ana@example.com>"
    assert shown[0]["links"] == ["https://pay.example.org/r/abc-_9?lang=es"]
    assert shown[0]["message_id"] == "<one@example.org>" and shown[0]["language"] == "es"
    status, page, headers = mailbox.get("/messages/1")
    assert status == 200
    assert '<a href="https://pay.example.org/r/abc-_9?lang=es">' in page
    assert "&lt;b&gt;¿Preguntas?" in page and 'lang="es"' in page
    assert "script" not in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
    assert "http://" not in page, "nothing is fetched from elsewhere"


def test_its_own_html_is_kept_in_a_sandbox(mailbox: Running) -> None:
    mailbox.send(a_mail(html="<script>alert(1)</script><p>Hola</p>"))
    _, body, headers = mailbox.get("/messages/1.html")
    assert "<p>Hola</p>" in body
    assert (
        "default-src 'none'" in headers["Content-Security-Policy"] and "sandbox" in headers["Content-Security-Policy"]
    )
    status, source, headers = mailbox.get("/messages/1.eml")
    assert status == 200 and headers["Content-Type"].startswith("text/plain") and "Message-ID" in source


def test_mail_survives_a_stop_and_the_newest_is_first(tmp_path: Path) -> None:
    first = Running(tmp_path / "mail")
    first.send(a_mail("one"))
    first.process.kill()
    first.process.communicate()
    second = Running(tmp_path / "mail")
    second.send(a_mail("two"))
    shown = json.loads(second.get("/messages.json")[1])["messages"]
    assert [each["subject"] for each in shown] == ["two", "one"]
    assert second.stop() == 0
    second.process.communicate()


@pytest.mark.parametrize(
    "path", ["/messages/2", "/messages/1.html", "/messages/../1", "/etc", "/messages/x", "/messages/0"]
)
def test_what_is_not_there(mailbox: Running, path: str) -> None:
    plain = EmailMessage()
    plain["To"] = "a@example.com"
    plain["From"] = "b@example.com"
    plain.set_content("only text")
    mailbox.send(plain)
    status, page, _ = mailbox.get(path)
    assert status == 404 and "There is no such message" in page


def test_a_mail_that_is_too_large_is_refused(mailbox: Running) -> None:
    with pytest.raises(smtplib.SMTPException):
        mailbox.send(a_mail(html="x" * (LARGEST + 1)))
    assert json.loads(mailbox.get("/messages.json")[1]) == {"messages": []}


def test_a_port_that_is_taken_is_told(mailbox: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--smtp-port", str(mailbox.smtp_port), "--http-port", "0", "--store", str(tmp_path / "other")]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("mailbox: ")
    with pytest.raises(SystemExit):
        main(["--smtp-port", "70000", "--http-port", "0", "--store", "x"])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?utf-9?q?x?=\r\nContent-Type: text/plain; charset=moon\r\n\r\nx",
        b"To: <<>>,,;\r\nDate: yesterday\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
    ],
)
def test_any_mail_can_be_shown(raw: bytes) -> None:
    message = read_message(1, raw)
    assert mail(message) and mail_list([message])


def test_the_pages_are_good_html() -> None:
    message = Message(1, "a@x", "b@x", 'S "<&', "today", "<i>", "es", "see https://pay.example.org/r/x.", "<p>x</p>")
    parser = html5lib.HTMLParser(strict=True)
    for text in (mail(message), mail_list([message]), mail_list([])):
        parser.parse(text)
        assert text.count("<h1") == 1 and '<html lang="en">' in text


def test_the_store_counts_on(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert [store.add(b"a"), store.add(b"b")] == [1, 2]
    (tmp_path / ".000000003.part").write_bytes(b"half")
    assert Store(tmp_path).numbers() == [1, 2]
    assert store.raw(3) is None and store.message(9) is None
