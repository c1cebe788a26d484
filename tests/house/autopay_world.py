"""Many people with automatic payment at once, and years of their days: bills, skips, moves, stops, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from django.db import transaction

from caretill.autopay import days, enrol, notice, runs, turn
from caretill.billing import issue
from caretill.core import clock, sql
from caretill.payments.batch import Outcome, record_set
from caretill.payments.gateways.base import ChargeRequest, ChargeResult
from caretill.payments.record import record
from house import wallet


def bills(numbers: Sequence[int], cents: Sequence[int], due: date, mark: str = "0") -> None:
    """A bill for each of these people, brought in as one set of a feed."""
    today = days.today("oregon")
    accounts, people, rows, lines = [], [], [], []
    for place, (number, amount) in enumerate(zip(numbers, cents, strict=True)):
        account, hrn, bill = f"A{number:08d}", f"{number:09d}", f"P{mark}{number:08d}"
        accounts.append((place, "oregon", account, "Juana", "Solano", "solano", "1 Example Street", "Sampleton", "OR",
                         "97201", "", "", "en", "1", "1", "A"))  # fmt: skip
        people.append((place, "oregon", account, hrn, "Iker", "Solano", "solano", date(2014, 5, 6), "child"))
        rows.append((place, "oregon", account, bill, hrn, "professional", "medical_group", "Dr. Rosa Prueba", today,
                     today, today, due, "USD", 1))  # fmt: skip
        lines.append((place, "oregon", bill, 1, today, "local", "100", "Office visit", 1, amount))
    with transaction.atomic():
        issue.open_feed()
        _many("feed_account (row, region, number, first_name, last_name, last_norm, street, city, state, zip, email,"
              " phone, language, group_number, subgroup, bill_group)", accounts)  # fmt: skip
        _many("feed_person (row, region, account_number, health_record_number, first_name, last_name, last_norm,"
              " birth_date, relation)", people)  # fmt: skip
        _many("feed_bill (row, region, account_number, number, health_record_number, kind, payee, provider_name,"
              " service_from, service_to, issue_date, due_date, currency, version)", rows)  # fmt: skip
        _many("feed_line (row, region, bill_number, line_no, service_date, code_system, code, text, units,"
              " charge_cents, discount_cents, plan_paid_cents, written_off_cents, copay_cents, deductible_cents,"
              " coinsurance_cents, not_covered_cents)", [(*line, 0, 0, 0, 0, 0, 0, 0) for line in lines])  # fmt: skip
        answer = issue.apply_feed("test", {"oregon": today})
    assert not answer["problems"], answer


def _many(table: str, rows: Sequence[Sequence[Any]]) -> None:
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        marks = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(part))
        sql.execute(f"INSERT INTO {table} VALUES {marks}", [value for row in part for value in row])


def payers(kind: str = "bank", every: int = 1) -> None:
    """A login, a right, a saved way to pay and a mandate for every account that has none."""
    now = clock.now()
    sql.execute(
        "INSERT INTO people_login (id, email, email_key, password, whole_password, region, first_name, last_name,"
        " street, city, state, zip, phone, language, paperless, made_at, changed_at)"
        " SELECT a.account_id, a.number || '@example.org', lower(a.number) || '@example.org', '', false, 'oregon',"
        " 'Juana', 'Solano', '', '', '', '', '', 'en', false, %s, %s FROM people_account a"
        " WHERE NOT EXISTS (SELECT 1 FROM people_login l WHERE l.id = a.account_id)",
        (now, now),
    )
    sql.execute(
        "INSERT INTO people_access (login_id, account_id, person_id, level, given_at)"
        " SELECT account_id, account_id, '00000000-0000-0000-0000-000000000000', 'holder', %s FROM people_account"
        " ON CONFLICT DO NOTHING",
        (now,),
    )
    rows = sql.query(
        "SELECT account_id, number FROM people_account a WHERE NOT EXISTS (SELECT 1 FROM methods_method m"
        " WHERE m.account_id = a.account_id) ORDER BY number"
    )
    for row in rows:
        number = int(row["number"][1:])
        if number % every == 0:
            made = wallet.a_card if kind == "card" else wallet.a_bank
            method_id = made(row["account_id"], row["account_id"])
            wallet.a_mandate(row["account_id"], method_id, row["account_id"])


def order_all(day_of: str) -> None:
    """Automatic payment of everything for every account without one; `day_of` is SQL for the day of the month."""
    now = clock.now()
    sql.execute(
        "INSERT INTO autopay_order (account_id, id, kind, login_id, region, method_account_id, method_id, method_kind,"
        " mandate_id, payer_name, email, language, scope, bill_kind, day, starts_on, state, ended_why, made_at,"
        " changed_at)"
        " SELECT m.account_id, core_uuid7(%s), 'autopay', m.login_id, 'oregon', m.account_id, m.id, m.kind, d.id,"
        f" 'Pat Payer', '', 'en', 'all', '', {day_of}, %s, 'active', '', %s, %s FROM methods_method m"
        " JOIN methods_mandate d ON d.account_id = m.account_id AND d.method_id = m.id"
        " JOIN people_account a ON a.account_id = m.account_id"
        " WHERE m.state = 'ready' AND d.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM autopay_order o"
        " WHERE o.account_id = m.account_id AND o.state <> 'ended')",
        (now, days.today("oregon") + days.NOTICE + timedelta(days=1), now, now),
    )


def enrolments(count: int, day: int) -> None:
    """So many people, each with a bill, a proved bank account and automatic payment on that day of the month."""
    bills(range(1, count + 1), [5_000 + 7 * n for n in range(count)], days.today("oregon") + timedelta(days=20))
    payers()
    order_all(str(day))


def all_told() -> None:
    """Every notice leaves now, in one statement: what a thousand mails do one by one."""
    while notice.send_due()["put"]:
        pass
    today = days.today("oregon")
    sql.execute(
        "UPDATE autopay_due SET noticed_on = %s WHERE kind = 'autopay' AND state IN ('waiting', 'above_cap')"
        " AND noticed_on IS NULL AND take_on >= %s",
        (today, today + days.NOTICE),
    )
    late = sql.query(
        "SELECT DISTINCT account_id, order_id, due_on FROM autopay_due WHERE kind = 'autopay' AND state = 'waiting'"
        " AND noticed_on IS NULL"
    )
    for row in late:
        found = notice.prepare(row["account_id"], row["order_id"], row["due_on"])
        if found:
            notice.left(row["account_id"], row["order_id"], row["due_on"], found.take_on)
    sql.execute("UPDATE core_outbox SET sent_at = %s WHERE sent_at IS NULL", (clock.now(),))


@dataclass
class Cards:
    """A processor that takes, or refuses for now or for good, by lot."""

    chance: Random
    name: str = "sandbox"
    answers: dict[str, ChargeResult] = field(default_factory=dict)

    def charge_saved(self, request: ChargeRequest) -> ChargeResult:
        if request.key not in self.answers:
            lot = self.chance.random()
            hard = lot < 0.003
            refused = hard or lot < 0.15
            self.answers[request.key] = ChargeResult(
                f"ch_{uuid4().hex}", "declined" if refused else "succeeded", request.reference, request.amount_cents,
                request.currency, "insufficient_funds" if refused else None, hard, "Visa", "4242", "net",
            )  # fmt: skip
        return self.answers[request.key]


class FiveYears:
    """People with automatic payment, and what happens to them day by day."""

    def __init__(self, people: int, chance: Random) -> None:
        self.people, self.chance = people, chance
        self.taken = self.skipped = self.moved = self.stopped = self.months = 0

    def begin(self) -> None:
        self._bills()
        payers("card", every=3)
        payers("bank")
        self._orders()

    def day(self, time: clock.FixedClock) -> None:
        """Bills once a month; a mail server that is away for days now and then; what people do; the run; the banks."""
        today = days.today("oregon")
        if today.day == 2:
            self._bills()
            self._orders()  # who stopped sets it up again after a while
        away = today.toordinal() % 61 < 6
        if today.toordinal() % 4 == 0:
            runs.plan_dues()
            if not away:
                all_told()
            self._wishes()
        closed = sql.one(
            "SELECT 1 FROM autopay_due WHERE state = 'waiting' AND kind = 'autopay' AND closes_at <= %s", (clock.now(),)
        )
        if closed:
            planned = runs.plan()
            runs.approve(planned.id, "test")
            runs.run(planned.id)
        if self._banks(today) or closed:
            turn.follow()

    def _bills(self) -> None:
        self.months += 1
        today = days.today("oregon")
        chosen = [n for n in range(1, self.people + 1) if self.months == 1 or self.chance.random() < 0.8]
        cents = [self.chance.randrange(100, 60_000) for _ in chosen]
        bills(chosen, cents, today + timedelta(days=25), mark=f"{self.months:02d}")

    def _orders(self) -> None:
        order_all("1 + right(a.number, 2)::int %% 31")

    def _wishes(self) -> None:
        waiting = sql.query(
            "SELECT DISTINCT account_id, order_id, due_on, take_on FROM autopay_due WHERE kind = 'autopay'"
            " AND state = 'waiting' AND noticed_on IS NOT NULL ORDER BY account_id"
        )
        for row in waiting:
            lot, which = self.chance.random(), (row["account_id"], row["order_id"], row["due_on"])
            if lot < 0.015:
                self.skipped += enrol.skip(*which) in ("skipped", "withdrawn")
            elif lot < 0.03:
                other = row["take_on"] + timedelta(days=self.chance.randrange(9))
                self.moved += enrol.move(*which, other).code == "made"
            elif lot < 0.036:
                self.stopped += enrol.stop(*which[:2]) in ("stopped", "withdrawn", "too_late")

    def _banks(self, today: date) -> bool:
        """What a bank debit becomes on its day: most are taken, some come back. Whether there were any."""
        rows = sql.query(
            "SELECT account_id, id, amount_cents FROM payments_payment WHERE state = 'submitting' AND posts_on <= %s"
            " ORDER BY account_id",
            (today,),
        )
        good: list[Outcome] = []
        for row in rows:
            if self.chance.random() < 0.02:
                record(row["account_id"], row["id"], "oregon", "declined", provider="ach", object_ref=str(row["id"]),
                       evidence="R01", failure_code="R01")  # fmt: skip
            else:
                good.append(Outcome(row["account_id"], row["id"], "oregon", "ach", str(row["id"]), "settled",
                                    row["amount_cents"]))  # fmt: skip
        record_set(good)
        return bool(rows)

    def count(self) -> None:
        row = sql.one("SELECT count(*)::int AS n FROM autopay_due WHERE state = 'taken'")
        self.taken = int(row["n"]) if row else 0

    def without_notice(self) -> int:
        """Payments of which no notice stood ten days before, asked another way than the law asks."""
        rows = sql.query(
            "SELECT d.noticed_on, d.amount_cents, q.amount_cents AS taken, coalesce(q.posts_on, q.business_date) AS on"
            " FROM payments_payment q JOIN autopay_due d ON d.payment_id = q.id WHERE q.origin = 'autopay'"
        )
        return sum(
            row["noticed_on"] is None
            or row["on"] - row["noticed_on"] < days.NOTICE
            or row["taken"] > row["amount_cents"]
            for row in rows
        )

    def after_the_end(self) -> int:
        rows = sql.query(
            "SELECT o.ended_at, q.created_at FROM payments_payment q JOIN autopay_order o ON o.id = q.origin_id"
            " WHERE o.ended_at IS NOT NULL AND q.created_at > o.ended_at"
        )
        return len(rows)

    def most_tries(self) -> int:
        """Payments begun for one due, counted by their keys."""
        rows = sql.query(
            "SELECT max(n)::int AS most FROM (SELECT count(*) AS n FROM payments_payment q JOIN autopay_due d"
            " ON d.order_id = q.origin_id AND q.key IN (autopay_key(d.order_id, d.due_on, d.processor_account, 1),"
            " autopay_key(d.order_id, d.due_on, d.processor_account, 2),"
            " autopay_key(d.order_id, d.due_on, d.processor_account, 3),"
            " autopay_key(d.order_id, d.due_on, d.processor_account, 4))"
            " GROUP BY d.account_id, d.order_id, d.due_on, d.processor_account) AS x"
        )
        return int(rows[0]["most"] or 0)
