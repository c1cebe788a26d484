"""Pages for people with an account: registering, signing in, and all that they see of their bills and payments.

Guests' pages know nothing of these. `member` says who is signed in; every page of a member's own is `no-store`.
"""
