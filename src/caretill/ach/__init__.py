"""Bank debits as files to and from the bank: entries, files, returns, changes, thresholds."""
