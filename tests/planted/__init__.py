"""Bugs planted on purpose, and whether lives from seeds find them (`python -m planted` in tests/)."""
