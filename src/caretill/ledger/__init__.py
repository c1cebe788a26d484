"""Money, twice: every transfer takes from one ledger account what it gives to another, and is never changed."""
