"""The processor of a seed: the sandbox's core behind its real adapter, without a socket, with faults by chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from caretill.core import clock
from caretill.core.http import Response
from caretill.payments import callbacks
from caretill.payments.gateways.base import CallbackRefused
from caretill.payments.gateways.sandbox import SandboxGateway
from caretill.sim.life.edges import Crash, Edges
from caretill.sim.processor.faults import CATALOGUE
from caretill.sim.processor.keys import Keys
from caretill.sim.processor.shell import BASE_URL, NoAnswer, Page, Shell

KEYS = Keys("life-processor-key", "life-callback-secret", "life-admin-key")
# Only time ends these, and no time passes within a call here: they are the same as an answer that is lost.
LEFT_OUT = ("dark",)
FAULTS = (*sorted(name for name in CATALOGUE if name not in LEFT_OUT), "captured_late")  # the rarest to strike, twice
# A refund that takes its time, one that fails, a dispute that is lost, one that is won: each of a card's own.
SLOW_BACK, FAILS_BACK, LOST, WON = "4000000000007726", "4000000000005126", "4000000000000259", "4000000000002685"
LATEST_HOURS = 40  # after the session ended: the bank's yes
GOOD, DECLINED, STEP = "4242424242424242", "4000000000000002", "4000002500003155"
FORM = {"expiry": "12/40", "security_code": "123", "name": "Pat", "zip": "97201"}


@dataclass(frozen=True)
class Taken:
    """Money that the processor took, by its own log."""

    charge: str
    reference: str
    amount_cents: int
    at: datetime | None = None  # None where what was taken may be called failed later: a debit that comes back


class Counter:
    """`gateway` is what the product talks to; `pay` is what a person does on the processor's page."""

    def __init__(self, seed: int, chance: Random, edges: Edges) -> None:
        self.chance, self.edges = chance, edges
        self.shell = Shell(sender=self._callback, keys=KEYS, seed=f"life {seed}", auto=False)
        self.gateway = SandboxGateway(BASE_URL, KEYS.key, (KEYS.callback_secret,), send=self._request)
        self._read = 0
        self.taken: list[Taken] = []
        self.given_back: dict[str, tuple[str, int]] = {}  # refund: charge, cents
        self.lost: dict[str, tuple[str, int]] = {}  # dispute: charge, cents
        self.struck = 0
        self.silent_at: datetime | None = None  # when a bank last gave no answer, and so may say yes late

    def close(self) -> None:
        """Forget everything."""
        self.shell.close()

    def fault(self, most: int = 1) -> None:
        """Let something go wrong soon, whoever it strikes."""
        for _ in range(self.chance.randint(1, most)):
            asked: dict[str, Any] = {"fault": self.chance.choice(FAULTS)}
            if asked["fault"] == "captured_late":
                asked["seconds"] = self.chance.choice((20, 2_000, 3_600 * self.chance.randint(1, LATEST_HOURS)))
                if self.chance.random() < 0.6:  # and the message of it comes to nobody
                    self.shell.admin("POST", "faults", {"fault": "callback_lost", "times": 3})
            self.shell.admin("POST", "faults", asked)

    def vanish(self) -> None:
        """Soon something is done there and its answer lost; who loses it finds nobody for more than a day.

        Who comes back from its page is not told either what became of it.
        """
        for verb in ("charge", "refund", "create", "pay"):
            self.lose(verb)
        for _ in range(2):
            self.shell.admin("POST", "faults", {"fault": "retrieve_lost"})

    def lose(self, verb: str) -> None:
        """The next such call is done, and its answer does not come."""
        self.shell.admin("POST", "faults", {"fault": f"{verb}_{self.chance.choice(('lost', '500_after'))}"})

    def dark(self, seconds: int) -> None:
        """The processor is away for so long."""
        self.shell.admin("POST", "faults", {"fault": "dark", "seconds": seconds})

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.shell.admin("POST", "faults/clear")

    def read_log(self) -> None:
        """What the processor wrote since it was read last."""
        for line in self._admin_log():
            if line["what"] == "charge.captured":
                at = datetime.fromisoformat(line["at"])
                self.taken.append(Taken(line["charge"], line["reference"], line["amount_cents"], at))
            elif line["what"] == "refund.made":
                self.given_back[line["refund"]] = (line["charge"], line["amount_cents"])
            elif line["what"] == "refund.failed":
                del self.given_back[line["refund"]]
            elif line["what"] == "charge.voided":
                self.given_back[f"void {line['charge']}"] = (line["charge"], line["amount_cents"])
            elif line["what"] == "dispute.lost":
                self.lost[line["dispute"]] = (line["charge"], line["amount_cents"])
            elif line["what"] == "fault.struck":
                self.struck += 1
                if line["detail"] == "captured_late":
                    self.silent_at = clock.now()

    def pay(self, url: str, card: str, patience: int = 6) -> bool:
        """Type a card at the hosted page, and press on while it does not answer; whether it led back to us."""
        form: Mapping[str, str] | None = None
        method, where = "GET", url
        for _ in range(patience):
            try:
                page = self.shell.browse(method, where, form)
            except NoAnswer:
                continue
            if page.status == 303:
                if page.location.startswith(BASE_URL) or page.location.startswith("/"):
                    method, where, form = "GET", page.location, None
                    continue
                return True
            method, where, form = self._next(page, url, card)
            if not method:
                return False
        return False

    def _next(self, page: Page, url: str, card: str) -> tuple[str, str, Mapping[str, str] | None]:
        path = url.partition("?")[0]
        if page.status == 402 or (page.status >= 400 and page.status != 500):
            return "", "", None
        if 'name="answer"' in page.text:
            answer = "approve" if self.chance.random() < 0.8 else "refuse"
            return "POST", f"{path}/step", {"answer": answer}
        if 'name="number"' in page.text:
            return "POST", f"{path}/pay", {"number": card, **FORM}
        if page.status == 200 and page.text:
            return "", "", None  # it says how the payment ended
        return "GET", url, None

    def flush(self) -> int:
        """Time has passed: sessions age, callbacks go out."""
        return self.shell.flush()

    def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        timeout: float = 10.0,
    ) -> Response:
        self.edges.edge()
        try:
            return self.shell.request(method, url, headers=headers, json=json, timeout=timeout)
        finally:
            self.edges.edge()

    def _callback(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The web takes a message in: kept and answered, refused, or the web falls over with it in its hands."""
        try:
            with self.edges.risk():
                callbacks.receive("sandbox", body, headers)
        except CallbackRefused:
            return 400
        except Crash:
            return None
        return 200

    def _admin_log(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.shell.admin("GET", f"log?after={self._read}")
        self._read = lines[-1]["seq"] if lines else self._read
        return lines
