"""Paper and mail that leave: statements, receipts, pictures of the paper, and the messages that point to them.

Figures come in, bytes go out. What is owed is asked of the rooms below; nothing here posts or decides an amount.
"""
