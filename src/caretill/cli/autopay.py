"""Automatic payment: plan what comes with totals beside last month's, approve it, run it, pause it, see how it stands.

`plan` takes nothing; `run` takes what is approved, may be stopped anywhere and started again, and takes nothing twice.
"""

from __future__ import annotations

import argparse
import resource
import sys
from uuid import UUID

from caretill.autopay import notice, runs
from caretill.autopay.runs import Planned, Run
from caretill.cli.frame import BROKEN, OK, USAGE, Answer, Refused
from caretill.core import clock
from caretill.core.money import show

_BAR = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which run."""
    parser.add_argument(
        "what",
        choices=("plan", "approve", "run", "pause", "resume", "status"),
        help="plan: what comes, with totals; approve RUN: let it take; run [RUN]: take what is approved;"
        " pause, resume RUN; status [RUN]",
    )
    parser.add_argument("run", nargs="?", type=UUID, metavar="RUN", help="a run's id (run, status: all that can be)")
    parser.add_argument(
        "--approve", action="store_true", help="plan: approve it at once, for a timer that trusts itself"
    )
    parser.add_argument("--by", default="operator", metavar="NAME", help="approve: who says so (operator)")


def run(options: argparse.Namespace) -> Answer:
    """One line with the totals, or one for each run."""
    if options.what == "plan":
        return _plan(options)
    if options.what == "status":
        return _status(options.run)
    if options.what == "run":
        return _run(options.run)
    if options.run is None:
        raise Refused(f"autopay {options.what} needs a run: `caretill autopay status` lists them", USAGE)
    if options.what == "approve":
        return _said(options.run, runs.approve(options.run, options.by))
    return _said(options.run, runs.pause(options.run) if options.what == "pause" else runs.resume(options.run))


def _plan(options: argparse.Namespace) -> Answer:
    began = clock.monotonic()
    shows = sys.stderr.isatty()

    def told(done: Planned) -> None:
        if shows:
            print(f"\r\x1b[Kplanning: {done.seen:,} orders, {done.planned:,} payments", end="", file=sys.stderr)

    made = runs.plan_dues(told=told)
    while notice.send_due()["put"]:
        pass
    _clear(shows)
    found = runs.plan()
    if options.approve:
        runs.approve(found.id, options.by)
    change = found.planned_cents - found.before_cents
    line = (
        f"run {found.id}: {found.planned:,} payments of {show(found.planned_cents)}"
        f" by {found.until:%Y-%m-%d %H:%M} UTC; a month ago {found.before:,} of {show(found.before_cents)}"
        f" ({'+' if change >= 0 else '-'}{show(abs(change))});"
        f" {made.planned:,} payments to come were planned and are told, {made.above_cap:,} are above their cap"
    )
    figures = {
        "run": str(found.id), "planned": found.planned, "done": 0, "failed": 0, "amount_cents": found.planned_cents,
        "before": found.before, "before_cents": found.before_cents, "dues_planned": made.planned,
        "above_cap": made.above_cap, "approved": options.approve, "seconds": round(clock.monotonic() - began, 1),
        "peak_mib": _peak(),
    }  # fmt: skip
    return Answer(line, figures)


def _run(run_id: UUID | None) -> Answer:
    began = clock.monotonic()
    chosen = runs.status(run_id) if run_id else runs.status(states=("approved", "running"))
    if run_id and not chosen:
        raise Refused(f"there is no run {run_id}: `caretill autopay status` lists them", USAGE)
    if not chosen:
        raise Refused("no run is approved: `caretill autopay plan`, then `autopay approve RUN`")
    shows = sys.stderr.isatty()
    done = [found for each in chosen if (found := runs.run(each.id, _bar if shows else None)) is not None]
    _clear(shows)
    if not done:
        raise Refused(f"run {chosen[0].id} is {chosen[0].state}, not approved")
    figures = {
        "planned": sum(each.planned for each in done), "done": sum(each.done for each in done),
        "failed": sum(each.failed for each in done), "amount_cents": sum(each.done_cents for each in done),
        "causes": _causes(done), "runs": [str(each.id) for each in done],
        "seconds": round(clock.monotonic() - began, 1), "peak_mib": _peak(),
    }  # fmt: skip
    said = ", ".join(f"{cause} {count:,}" for cause, count in sorted(_causes(done).items()))
    line = (
        f"{figures['done']:,} payments of {show(sum(each.done_cents for each in done))} begun of"
        f" {figures['planned']:,} planned, {figures['failed']:,} failed{f' ({said})' if said else ''}"
    )
    return Answer(line, figures, BROKEN if figures["failed"] else OK)


def _status(run_id: UUID | None) -> Answer:
    found = runs.status(run_id)
    if run_id and not found:
        raise Refused(f"there is no run {run_id}", USAGE)
    for each in found:
        print(
            f"{each.id}  {each.state:<8} until {each.until:%Y-%m-%d %H:%M}  {each.done:,} of {each.planned:,},"
            f" {show(each.done_cents)} of {show(each.planned_cents)}, {each.failed:,} failed"
        )
    figures = {
        "planned": sum(each.planned for each in found), "done": sum(each.done for each in found),
        "failed": sum(each.failed for each in found), "amount_cents": sum(each.done_cents for each in found),
        "seconds": 0.0, "peak_mib": _peak(),
        "runs": [{"run": str(each.id), "state": each.state, "planned": each.planned, "done": each.done,
                  "failed": each.failed, "causes": each.causes, "approved_by": each.approved_by} for each in found],
    }  # fmt: skip
    return Answer(f"{len(found):,} runs", figures)


def _said(run_id: UUID, code: str) -> Answer:
    if code == "missing":
        raise Refused(f"there is no run {run_id}", USAGE)
    found = runs.status(run_id)[0]
    line = f"run {run_id} is {found.state}"
    return Answer(line, {"run": str(run_id), "state": found.state, "changed": code != "repeat"})


def _causes(found: list[Run]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for each in found:
        for cause, count in each.causes.items():
            sums[cause] = sums.get(cause, 0) + count
    return sums


def _bar(each: Run) -> None:
    seen = each.done + sum(each.causes.values())
    full = min(_BAR, _BAR * seen // max(1, each.planned))
    text = f"[{'#' * full}{'.' * (_BAR - full)}] {seen:,} of {each.planned:,}, {show(each.done_cents)}"
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _clear(shows: bool) -> None:
    if shows:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
