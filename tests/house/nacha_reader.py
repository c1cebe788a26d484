"""A second reader of ACH files, written from the layout alone: it shares no code with the one it checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Told:
    """What the lines add up to, and what the controls say; `wrong` lists every difference."""

    lines: int
    entries: int
    addenda: int
    debits: int
    credits: int
    hashed: int
    wrong: list[str]


def judge(data: bytes) -> Told:
    """Hash, counts, totals, blocks, widths, check digits and trace numbers of a whole file."""
    text = data.decode("ascii")
    wrong = [] if text.endswith("\n") else ["no line end"]
    lines = text[:-1].split("\n")
    wrong += [f"{number}: width" for number, line in enumerate(lines, 1) if len(line) != 94]
    if len(lines) % 10:
        wrong.append("blocks")
    ends = max(number for number, line in enumerate(lines) if line[0] == "9" and line != "9" * 94)
    if any(line != "9" * 94 for line in lines[ends + 1 :]) or len(lines) - ends > 10:
        wrong.append("fill")
    whole = Told(len(lines), 0, 0, 0, 0, 0, wrong)
    batches, last, header = 0, -1, ""
    batch = Told(0, 0, 0, 0, 0, 0, [])
    for number, line in enumerate(lines[1:ends], 2):
        if line[0] == "5":
            header, batches, last = line, batches + 1, -1
            batch = Told(0, 0, 0, 0, 0, 0, [])
            if int(line[87:94]) != batches:
                wrong.append(f"{number}: batch number")
        elif line[0] == "6":
            batch.entries += 1
            digits = [int(each) for each in line[3:12]]
            if (3 * sum(digits[0::3]) + 7 * sum(digits[1::3]) + sum(digits[2::3])) % 10:
                wrong.append(f"{number}: check digit")
            batch.hashed += int(line[3:11])
            if line[2] in "56789":
                batch.debits += int(line[29:39])
            else:
                batch.credits += int(line[29:39])
            if line[79:87] != header[79:87] or int(line[87:94]) <= last:
                wrong.append(f"{number}: trace")
            last = int(line[87:94])
        elif line[0] == "7":
            batch.addenda += 1
        elif line[0] == "8":
            _control(line, number, header, batch, wrong)
            for name in ("entries", "addenda", "debits", "credits", "hashed"):
                setattr(whole, name, getattr(whole, name) + getattr(batch, name))
        else:
            wrong.append(f"{number}: record type")
    expected = (
        f"9{batches:06d}{len(lines) // 10:06d}{whole.entries + whole.addenda:08d}{str(whole.hashed)[-10:]:>010}"
        f"{whole.debits:012d}{whole.credits:012d}"
    )
    if lines[ends][:55] != expected:
        wrong.append(f"file control: {lines[ends][:55]} is not {expected}")
    return whole


def _control(line: str, number: int, header: str, batch: Told, wrong: list[str]) -> None:
    expected = (
        f"8{header[1:4]}{batch.entries + batch.addenda:06d}{str(batch.hashed)[-10:]:>010}"
        f"{batch.debits:012d}{batch.credits:012d}{header[40:50]}"
    )
    if line[:54] != expected or line[79:94] != header[79:94]:
        wrong.append(f"{number}: batch control")
