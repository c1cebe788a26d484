"""What a member wants to hear of, by which channel; and the link in a mail that stops its topic."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from caretill.core import tokens
from caretill.letters import carriers, links
from caretill.people import topics
from caretill.people.sessions import Session
from caretill.web import preferences
from caretill.web.account.member import member_form_page, signed_in
from caretill.web.account.profile import of, quiet_words
from caretill.web.forms.messages import MessagesForm
from caretill.web.jinja import url
from caretill.web.page import SeeOther, accepts, page


@accepts("GET", "POST")
@signed_in
def messages(request: HttpRequest, session: Session) -> HttpResponse:
    """A box for each topic and channel that this installation has; texts only to who gave a number."""
    kept = of(session)
    had = carriers.channels()
    shown = tuple(each for each in had if each != "text" or kept.phone)
    form = MessagesForm.read(request, topics.wishes(session.login_id), shown)
    if form.sent:
        changed = {pair: wish for pair, wish in form.wishes.items() if pair[1] in shown}
        topics.choose(session.login_id, changed)
        return SeeOther(f"{url('messages')}?saved=yes")
    return member_form_page(
        request,
        session,
        "account/messages.html",
        form,
        topics=topics.TOPICS,
        channels=shown,
        always=topics.ALWAYS,
        phone_missing="text" in had and not kept.phone,
        quiet=quiet_words(kept, preferences.of(request).language),
        saved="saved" in request.GET,
    )


@csrf_exempt  # a reader's own program posts here by itself (RFC 8058); the link is all that it has, and all it needs
@accepts("GET", "POST")
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """One button, for whoever holds a mail of the topic; no signing in. Pressing it twice is harmless."""
    try:
        login_id, topic, channel = links.open_stop_link(token)
    except tokens.TokenError:
        return page(request, "account/stop.html", status=404, state="over", topic="")
    state = "ask"
    if request.method == "POST":
        topics.stop(login_id, topic, channel)
        state = "done"
    return page(request, "account/stop.html", state=state, topic=topic)
