"""What the tests share: the run's database, and the checker of the house rules."""
