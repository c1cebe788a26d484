"""Mails as they go out: words and a link, as text and as simple HTML. Nothing here asks or sends.

A mail names no amount, no care, no clinician and no person (rules.md HIP-3): its address may be shared, its server is
not ours. What it is about stands behind a link that ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from html import escape

from caretill.core.words import has, say
from caretill.letters.dates import long_date
from caretill.letters.letterhead import Letterhead
from caretill.letters.links import Link

_BODY = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width"><title>{subject}</title></head>'
    '<body style="margin:0;padding:24px;background:#ffffff;color:#1b1b1b;font:17px/1.5 system-ui,sans-serif">'
    '<div style="max-width:560px;margin:0 auto">'
    '<p style="margin:0 0 24px;font-size:20px;font-weight:bold;color:{brand}">{organisation}</p>'
    "{parts}"
    '<p style="margin:32px 0 0;padding:16px 0 0;border-top:1px solid #767676;font-size:15px;color:#4a4a4a">{foot}</p>'
    "</div></body></html>"
)
_PARAGRAPH = '<p style="margin:0 0 20px">{text}</p>'
_BUTTON = (
    '<p style="margin:0 0 20px"><a href="{url}" style="display:inline-block;padding:12px 24px;border-radius:4px;'
    'background:{brand};color:{on_brand};font-weight:bold;text-decoration:none">{text}</a></p>'
)
_LINK = '<p style="margin:0 0 20px"><a href="{url}" style="color:#1b1b1b">{text}</a></p>'
_CODE = '<p style="margin:0 0 20px;font-size:32px;font-weight:bold;letter-spacing:4px">{text}</p>'


def message_id(key: str, sender: str) -> str:
    """The same mail has the same name however often it is sent, so that a second one can be told from a new one."""
    digest = hashlib.blake2b(key.encode(), digest_size=15).hexdigest()
    return f"<{digest}@{_host(sender)}>"


def link_mail(
    topic: str, key: str, to: str, link: Link, head: Letterhead, sender: str, at: datetime, *, stop: str = ""
) -> EmailMessage:
    """A mail of a topic whose whole content is a link. `stop` is where its reader, a member, stops such mails."""
    words = {"organisation": head.name, "phone": head.phone, "date": long_date(link.until, head.language)}
    text, after = say(head.language, f"mail.{topic}.text"), say(head.language, f"mail.{topic}.after", **words)
    button = _BUTTON.format(
        url=escape(link.url),
        text=escape(say(head.language, f"mail.{topic}.button")),
        brand=head.brand,
        on_brand=head.on_brand,
    )
    lines, parts = [text, link.url, after], _paragraph(text) + button + _paragraph(after)
    if not stop:
        return _mail(f"mail.{topic}", key, to, lines, parts, head, sender, at)
    lines, parts = _with_stop(lines, parts, stop, head)
    return _stoppable(
        _mail(f"mail.{topic}", key, to, lines, parts, head, sender, at, why="mail.foot.why_account"), stop
    )


def _with_stop(lines: list[str], parts: str, stop: str, head: Letterhead) -> tuple[list[str], str]:
    """The text and the HTML with a link that stops such mails."""
    said = say(head.language, "mail.foot.stop")
    link = f'<p style="margin:0 0 20px"><a href="{escape(stop)}" style="color:#1b1b1b">{escape(said)}</a></p>'
    return [*lines, f"{said}:\n{stop}"], parts + link


def _stoppable(made: EmailMessage, stop: str) -> EmailMessage:
    """One press in the reader's own program (RFC 8058). An address that is folded would be none."""
    made.policy = SMTP.clone(max_line_length=998)
    made["List-Unsubscribe"] = f"<{stop}>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return made


def code_mail(key: str, to: str, code: str, minutes: int, head: Letterhead, sender: str, at: datetime) -> EmailMessage:
    """The one-time code of a lookup."""
    text = say(head.language, "mail.lookup_code.text")
    after = say(head.language, "mail.lookup_code.after", minutes=minutes)
    parts = _paragraph(text) + _CODE.format(text=escape(code)) + _paragraph(after)
    return _mail("mail.lookup_code", key, to, [text, code, after], parts, head, sender, at)


def notice_mail(
    words: str,
    key: str,
    to: str,
    head: Letterhead,
    sender: str,
    at: datetime,
    *,
    url: str = "",
    code: str = "",
    stop: str = "",
    paragraphs: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    **figures: object,
) -> EmailMessage:
    """A mail to somebody who signs in. `words` is a table of words with subject, text, after and, with `url`, button.

    `figures` fill text and after; they may name no person, no care and no amount. `stop` is where its reader stops
    such mails. Where the table has a `why`, it says why the mail came. `paragraphs` stand under the text as they are,
    `links` (words, address) under the button.
    """
    figures = {"organisation": head.name, "phone": head.phone, **figures}
    text, after = say(head.language, f"{words}.text", **figures), say(head.language, f"{words}.after", **figures)
    lines, parts = [text, *paragraphs], "".join(_paragraph(each) for each in (text, *paragraphs))
    if code:
        lines.append(code)
        parts += _CODE.format(text=escape(code))
    if url:
        lines.append(url)
        button = escape(say(head.language, f"{words}.button"))
        parts += _BUTTON.format(url=escape(url), text=button, brand=head.brand, on_brand=head.on_brand)
    for said, address in links:
        lines.append(f"{said}:\n{address}")
        parts += _LINK.format(url=escape(address), text=escape(said))
    why = f"{words}.why" if has(head.language, f"{words}.why") else "mail.foot.why_account"
    lines, parts = [*lines, after], parts + _paragraph(after)
    if not stop:
        return _mail(words, key, to, lines, parts, head, sender, at, why=why)
    lines, parts = _with_stop(lines, parts, stop, head)
    return _stoppable(_mail(words, key, to, lines, parts, head, sender, at, why=why), stop)


def _mail(
    words: str,
    key: str,
    to: str,
    lines: list[str],
    parts: str,
    head: Letterhead,
    sender: str,
    at: datetime,
    why: str = "mail.foot.why",
) -> EmailMessage:
    foot = [
        say(head.language, "mail.foot.questions", phone=head.phone, tty=head.tty),
        say(head.language, "mail.foot.no_reply"),
        say(head.language, why),
    ]
    subject = say(head.language, f"{words}.subject", organisation=head.name)
    html = _BODY.format(
        language=head.language,
        subject=escape(subject),
        brand=head.brand,
        organisation=escape(head.name),
        parts=parts,
        foot=escape(" ".join(foot)),
    )
    made = EmailMessage(policy=SMTP)
    made.set_content("\n\n".join([*lines, head.name, " ".join(foot)]) + "\n", cte="quoted-printable")
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    made["From"] = formataddr((head.name, parseaddr(sender)[1]))
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = message_id(key, sender)
    made["Content-Language"] = head.language
    # No out-of-office note comes back, and no list software takes it for a list.
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    return made


def _paragraph(text: str) -> str:
    return _PARAGRAPH.format(text=escape(text))


def _host(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
