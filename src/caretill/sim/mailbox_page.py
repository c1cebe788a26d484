"""The mailbox as web pages: the list and one message. Plain, without script, readable by all that reads a page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
:root{color-scheme:light dark;
--ground:#fff;--text:#1b1b1b;--quiet:#4a4a4a;--line:#767676;--link:#0b4f8a;--panel:#f3f5f7}
@media (prefers-color-scheme:dark){:root{--ground:#14181d;--text:#f2f2f2;--quiet:#c9ced4;--line:#8d969f;--link:#9fcbff;
--panel:#1f262d}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:1.125rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
.strip{margin:0;padding:.75rem 1rem;background:#ffd54f;color:#1b1b1b;text-align:center;
border-bottom:.25rem dashed #1b1b1b}
main{max-width:44rem;margin:0 auto;padding:0 1rem 3rem}
a{color:var(--link)}
h1{font-size:1.75rem;line-height:1.2;margin:1.5rem 0 1rem}
ol{list-style:none;margin:0;padding:0}
li{border-block-end:.0625rem solid var(--line);padding:.25rem 0 .75rem}
li a{display:inline-block;padding:.625rem 0 .25rem;font-weight:700}
p{margin:0 0 1rem}
.quiet{color:var(--quiet);margin:0;font-size:1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0 0 1.5rem;padding:1rem;background:var(--panel)}
dt{color:var(--quiet)}dd{margin:0}
.text{white-space:pre-wrap;border-inline-start:.375rem solid var(--link);padding-inline-start:1rem}
.back{display:inline-block;padding:.75rem 0}
:focus-visible{outline:.1875rem solid var(--link);outline-offset:.1875rem}
.skip{position:absolute;inset-inline-start:-999rem}.skip:focus{inset-inline-start:1rem;top:.5rem;padding:.75rem;
background:var(--ground);z-index:1}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
# A message's own HTML: its looks, nothing else; a link in it may be followed.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "sandbox allow-popups allow-top-navigation-by-user-activation"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


@dataclass(frozen=True)
class Message:
    """One mail as it is shown."""

    number: int
    sender: str
    to: str
    subject: str
    date: str
    message_id: str
    language: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """The addresses in its text, in order."""
        return _ADDRESS.findall(self.text)


def mail_list(messages: Sequence[Message]) -> str:
    """All mails, the newest first."""
    if not messages:
        body = "<p>No mail has come yet. Mail that Caretill sends shows here. Load this page again to look.</p>"
    else:
        rows = "".join(
            f'<li><a href="/messages/{each.number}">{escape(each.subject) or "No subject"}</a>'
            f'<p class="quiet">To {escape(each.to)} · {escape(each.date)}</p></li>'
            for each in messages
        )
        count = "1 message" if len(messages) == 1 else f"{len(messages)} messages"
        body = f'<p class="quiet">{count}, the newest first.</p><ol>{rows}</ol>'
    return _page("Mailbox", f"<h1>Mailbox</h1>{body}")


def mail(message: Message) -> str:
    """One mail: who, when, its text with the addresses as links."""
    facts = (("From", message.sender), ("To", message.to), ("Date", message.date))
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    language = f' lang="{escape(message.language)}"' if message.language else ""
    also = [f'<a href="/messages/{message.number}.eml">Source</a>']
    if message.html:
        also.insert(0, f'<a href="/messages/{message.number}.html">As the sender made it look</a>')
    body = (
        f'<a class="back" href="/">Back to the mailbox</a><h1{language}>{escape(message.subject) or "No subject"}</h1>'
        f'<dl>{listed}</dl><div class="text"{language}>{_linked(message.text)}</div>'
        f'<p class="quiet back">{" · ".join(also)}</p>'
    )
    return _page(message.subject or "No subject", body)


def missing() -> str:
    """There is no such page."""
    return _page("Not found", '<h1>There is no such message</h1><p><a href="/">Back to the mailbox</a></p>')


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found.group())
        parts += [escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - demo mailbox</title><style>{_STYLE}</style></head><body>"
        '<a class="skip" href="#main">Skip to the content</a>'
        '<p class="strip">Demo mailbox. This mail stays on this machine. Nobody gets it.</p>'
        f'<main id="main" tabindex="-1">{body}</main></body></html>'
    )
