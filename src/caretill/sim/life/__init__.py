"""Lives of people who pay, made from seeds: virtual time, a processor and a bank with faults, crashes at every commit.

The code that runs is the product's own. Only the clock, the processor and the bank are the simulation's; a reference
ledger in memory (`oracle`) says what must have come out.
"""
