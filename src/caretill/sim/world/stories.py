"""What happens in the world: twelve stories, told once in every region with other people, prices and days.

Together they leave bills of every status: open, overdue, partly paid, paid, in credit; and payments of every end.
"""

from __future__ import annotations

from dataclasses import dataclass

GOOD_CARDS = ("4242424242424242", "5555555555554444", "378282246310005", "6011111111111117")
DECLINED_CARD = "4000000000000002"


@dataclass(frozen=True)
class Care:
    """One bill. `who` counts the family's people; `issued` is new (these days), recent (three weeks) or late (overdue).

    `desk` says what was paid at the desk: the `copay`, or more than the whole charge (`above`). `elsewhere_percent` of
    the rest came by cheque. `changes` with a newer version: `lower` (the plan pays more) or the code of one more line.
    """

    bundle: str
    who: int = 0
    issued: str = "new"
    desk: str = ""
    elsewhere_percent: int = 0
    changes: str = ""


@dataclass(frozen=True)
class Visit:
    """A payment made here, of some of the family's bills in one go. `give_back`: the credit is refunded afterwards."""

    bills: tuple[int, ...] = (0,)
    percent: int = 100
    declined: bool = False
    give_back: bool = False


@dataclass(frozen=True)
class Story:
    """A family's few weeks."""

    name: str
    members: tuple[str, ...]
    cares: tuple[Care, ...]
    visits: tuple[Visit, ...] = ()
    insured: bool = True


STORIES = (
    Story("a visit", ("self",), (Care("visit_and_tests", desk="copay"),)),
    Story("an X-ray", ("self", "spouse"), (Care("chest_xray", who=1),)),
    Story("a stay", ("self", "spouse"), (Care("stay"),)),
    Story(
        "a household",
        ("self", "spouse", "child", "child"),
        (
            Care("emergency", who=2),
            Care("laboratory", issued="recent"),
            Care("inhaler", who=3),
            Care("visit", who=1, issued="recent"),
        ),
    ),
    Story("overdue", ("self",), (Care("laboratory", issued="late"),)),
    Story(
        "paid in part",
        ("self", "child"),
        (Care("day_surgery", issued="recent", elsewhere_percent=20), Care("therapy", who=1, issued="late")),
        (Visit(percent=40),),
    ),
    Story(
        "all paid",
        ("self", "spouse"),
        (
            Care("knee_xray", issued="late"),
            Care("tablets", issued="late", elsewhere_percent=100),
            Care("check_up", who=1, issued="recent"),
        ),
        (Visit(),),
    ),
    Story(
        "a co-pay above the charge",
        ("self", "parent"),
        (Care("cream", who=1, issued="recent", desk="above"), Care("tablets")),
    ),
    Story(
        "paid, then it fell",
        ("self",),
        (Care("wrist_xray", issued="recent", desk="copay", changes="lower"),),
        (Visit(),),
    ),
    Story("charges posted late", ("self", "child"), (Care("wrist_xray", who=1, issued="recent", changes="LB-50"),)),
    Story(
        "given back",
        ("self", "spouse", "child"),
        (Care("emergency", issued="recent", changes="lower"), Care("visit_and_tests", who=2, issued="recent")),
        (Visit(bills=(0, 1), give_back=True),),
    ),
    Story("without a plan", ("self",), (Care("emergency", issued="recent"),), (Visit(declined=True),), insured=False),
)
