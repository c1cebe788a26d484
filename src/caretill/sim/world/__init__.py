"""A small world made from a seed: families of every region, their care, their bills, and what some of them did.

Nobody in it exists. It comes in by the front door, as files of the documented CSV through intake, and its payers pay on
the sandbox processor's page, so all that stands in a demo came there the way it would in earnest.

`stories` says what happens to whom, `care` what was done and what it cost, `feed` writes the files, `visits` pays,
`live` does it all in order and `ready` names bills that can be tried.
"""
