"""The organisation as data: its name, look, payees and texts, and what each region asks, prints, promises and when.

Nothing here is stored in the database: the files of one folder are read once, checked whole, and not changed while
running.
"""
