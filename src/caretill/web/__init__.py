"""The payer's door: pages, forms and links of everybody who pays without an account.

It asks and shows; it rules nothing.
"""
