"""The ground every room stands on: time, money, ids, words, secrets, SQL calls, limits, the read log and the outbox.

Nothing here knows what a bill is.
"""
