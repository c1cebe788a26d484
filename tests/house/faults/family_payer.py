"""A program that pays bills of several accounts: `python -m house.faults.family_payer FILE`. Said again, it goes on.

The file: {"key", "region", "processor_account", "bills": [[account, bill, cents], ...]}; the first account pays. Prints
the code of the answer and the address of the processor's page.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from uuid import UUID

import django

django.setup()

from caretill.payments import take  # noqa: E402
from caretill.payments.gateways.base import GatewayUnknown  # noqa: E402

MOST = 20


def main() -> None:
    """Press, and press again where no answer came."""
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    bills = [(UUID(account), UUID(bill), cents) for account, bill, cents in told["bills"]]
    payer = bills[0][0]
    ask = take.Ask(
        key=UUID(told["key"]),
        account_id=payer,
        region=told["region"],
        parts=tuple((bill, cents) for account, bill, cents in bills if account == payer),
        payer_name="Pat Payer",
        email="pat@example.org",
        language="en",
        visit=b"a family",
        statement_name="Larkspur Health",
        processor_account=told["processor_account"],
        others=tuple(each for each in bills if each[0] != payer),
    )
    for _ in range(MOST):
        try:
            answer = take.pay(ask)
        except GatewayUnknown:
            answer = take.Answer("not_sent")
        if answer.code != "not_sent":
            break
        time.sleep(0.2)
    print(answer.code, answer.url)


if __name__ == "__main__":
    main()
