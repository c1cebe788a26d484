"""What comes in from other systems: deliveries staged, checked and applied in sets, and what was refused and why.

Safe to repeat and to kill anywhere: every set is one transaction that also notes that it is done.
"""
