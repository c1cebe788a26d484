"""Bank debits: `ach build` makes and keeps a file of what waits, `ach send` hands it over, `ach status` says how it
stands. Each can be stopped anywhere and started again: no debit is filed twice, and a file sent again is the same.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

import structlog

from caretill.ach import access, build, locks, rates, send
from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.core import clock
from caretill.core.money import show
from caretill.methods import pause

SHOWN = 20
log = structlog.get_logger("caretill.ach")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and where files go."""
    parser.add_argument(
        "what",
        choices=("build", "send", "status", "allow"),
        help="make a file, hand it over, say how it is, or let people agree to debits of a payee again",
    )
    parser.add_argument("--same-day", action="store_true", help="build: what is due today settles today, where it can")
    parser.add_argument("--most", type=int, metavar="N", help="build: look at so many waiting debits (all)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="send: put files there (ach/ in the data folder)")
    parser.add_argument("--payee", default="", help="allow: the payee of which too many debits came back")
    parser.add_argument("--who", metavar="NAME", default="", help="allow: who answers for it")
    parser.add_argument("--again", metavar="NAME", default="", help="send: the file of that name once more, unchanged")


def run(options: argparse.Namespace) -> Answer:
    """Exit code 1 where a debit could not be taken, or the status has something for a person."""
    try:
        if options.what == "build":
            return _build(options)
        if options.what == "allow":
            return _allow(options.payee, options.who)
        return _send(options) if options.what == "send" else _status()
    except (build.NoDebitBank, build.TooManyFiles, locks.Busy, send.NotTheBytes) as fault:
        raise Refused(str(fault)) from fault


def _build(options: argparse.Namespace) -> Answer:
    began = clock.monotonic()
    built = build.build(same_day=True if options.same_day else None, progress=_shown(), most=options.most)
    seconds = clock.monotonic() - began
    figures = {
        "file": built.name,
        "file_sha256": built.sha256,
        "planned": built.planned,
        "done": built.done,
        "failed": built.failed,
        "waiting": built.waiting,
        "proofs": built.proofs,
        "amount_cents": built.amount_cents,
        "seconds": round(seconds, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    if built.file_id is None:
        return Answer(f"nothing to file; {built.waiting:,} wait for their account, {built.failed:,} ended", figures)
    line = (
        f"{built.name}: {built.done:,} debits for {show(built.amount_cents)}, {built.proofs:,} accounts to prove;"
        f" {built.waiting:,} wait, {built.failed + built.dropped:,} ended; settles from {built.effective_on}"
    )
    return Answer(line, figures)


def _send(options: argparse.Namespace) -> Answer:
    folder = options.folder or options.environment.data / "ach"
    try:
        sent = send.send(send.Folder(folder), again=options.again)
    except KeyError:
        raise Refused(f"--again: no file '{options.again}'", USAGE) from None
    for each in sent:
        print(f"{each.name}: {each.entries:,} entries, {show(each.debit_cents)}, settles from {each.effective_on}")
    files = [{"name": each.name, "file_sha256": each.sha256, "size": each.size, "again": each.again} for each in sent]
    total = sum(each.debit_cents for each in sent)
    return Answer(f"{len(sent):,} files to {folder}, {show(total)}", {"files": files, "amount_cents": total})


def _allow(payee: str, who: str) -> Answer:
    if not payee or not who:
        raise Refused("ach allow: --payee and --who are needed", USAGE)
    code = pause.allow(payee, who)
    if code == "missing":
        raise Refused(f"ach allow: {payee} does not wait; `caretill ach status` lists who does", USAGE)
    log.warning("new bank debits are allowed", payee=payee, by=who)
    return Answer(f"{payee}: people may agree to bank debits again, {who} answers for it", {"payee": payee, "who": who})


def _status() -> Answer:
    found, near, waits = access.status(), rates.rates(), pause.listed()
    for file in found.files:
        sent = f"sent {file['sent_at']:%Y-%m-%d %H:%M} UTC" if file["sent_at"] else file["state"]
        print(f"{file['name']}: {file['entries']:,} entries, {show(file['debit_cents'])}, {sent}")
    for rate in near:
        if rate.level != "fine":
            print(f"{rate.payee}: {rate.kind} returns {rate.returned:,} of {rate.debits:,}: {rate.level}")
    for wait in waits:
        state = f"allowed by {wait['allowed_by']}" if wait["allowed_by"] else "no new bank debits until it is better"
        print(f"{wait['payee']}: {wait['returned']:,} of {wait['debits']:,} came back ({wait['kind']}): {state}")
    for row in found.for_office[:SHOWN]:
        print(
            f"for the office: {row['code']} {row['trace']} {show(row['amount_cents'])}: {row['note'] or row['reason']}"
        )
    if len(found.for_office) > SHOWN:
        print(f"and {len(found.for_office) - SHOWN} more; --json has them")
    line = (
        f"{found.waiting:,} wait for {show(found.waiting_cents)}, {found.unsettled:,} to settle for"
        f" {show(found.unsettled_cents)}, {found.again:,} to present again, {found.undecided:,} returns to apply,"
        f" {len(found.for_office):,} for the office"
    )
    figures = {
        **vars(found),
        "files": [{**file, "day": str(file["day"])} for file in found.files],
        "rates": [vars(rate) for rate in near],
        "paused": [{**wait, "since_at": wait["since_at"].isoformat()} for wait in waits],
    }
    alarm = any(rate.level in ("hold", "above") for rate in near)
    return Answer(line, figures, BROKEN if alarm or found.for_office else OK)


def _shown() -> build.Progress:
    """One line on a terminal's standard error that counts."""

    def count(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[Kfiling {done:,}", end="", file=sys.stderr, flush=True)

    return count
