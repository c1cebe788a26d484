"""What payers type, read into plain values: a file per form, faults as keys of words, card numbers never kept."""
