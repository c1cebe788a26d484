"""What can be wrong with an ACH file as a whole, each with a line number and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

MOST_FAULTS = 50

SAYS = {
    "empty": "The file holds nothing.",
    "character": "The line holds a character that no ACH file may hold.",
    "short": "The line ends before its last required column.",
    "long": "The line is longer than 94 characters.",
    "record_type": "The line begins with none of 1, 5, 6, 7, 8, 9.",
    "no_file_header": "The file does not begin with a file header.",
    "second_file": "A second file header stands inside the file.",
    "file_header": "The file header does not say 94 columns in blocks of ten.",
    "destination": "The bank named in the file header has no valid routing number.",
    "date": "The date in the header is none.",
    "batch_inside_batch": "A batch begins before the last one was closed.",
    "outside_batch": "The line belongs in a batch, but no batch header stands before it.",
    "sec": "The standard entry class of the batch is not one that is read.",
    "service_class": "The service class is none, or differs between header and control.",
    "transaction_code": "The transaction code is none.",
    "routing": "The routing number of the entry is not nine digits.",
    "check_digit": "The check digit of the routing number is wrong.",
    "amount": "The amount is not ten digits.",
    "side": "The batch may not hold an entry of this side.",
    "trace": "The trace number is not fifteen digits.",
    "addenda_missing": "The entry says that addenda follow, but none does.",
    "addenda_unannounced": "The entry says that no addenda follow, but one does.",
    "addenda_type": "The addenda type is none that is known.",
    "addenda_trace": "The addenda names another entry than the one it follows.",
    "batch_number": "The batch control has another number than its header.",
    "company": "The batch control names another company than its header.",
    "odfi": "The batch control names another originating bank than its header.",
    "batch_count": "The count of entries and addenda differs from the batch control.",
    "batch_hash": "The sum of routing numbers differs from the batch control.",
    "batch_debit": "The debits add up to another amount than the batch control says.",
    "batch_credit": "The credits add up to another amount than the batch control says.",
    "no_batch_control": "The batch is not closed.",
    "no_file_control": "The file ends without its control: the rest is missing.",
    "file_batches": "The number of batches differs from the file control.",
    "file_blocks": "The number of blocks differs from the file control.",
    "file_count": "The count of entries and addenda differs from the file control.",
    "file_hash": "The sum of routing numbers differs from the file control.",
    "file_debit": "The debits add up to another amount than the file control says.",
    "file_credit": "The credits add up to another amount than the file control says.",
    "after_end": "Something other than lines of nines follows the end of the file.",
    "blocked": "The lines do not fill blocks of ten.",
    "too_many": "More is wrong; the list ends here.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the line as counted from 1, a code of `SAYS`."""

    line: int
    code: str

    @property
    def says(self) -> str:
        return SAYS[self.code]

    def __str__(self) -> str:
        return f"line {self.line}: {self.says}"


class NachaRejected(ValueError):
    """The file as a whole is refused: nothing of it counts. `faults` are in the order of their lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults
