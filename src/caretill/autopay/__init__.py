"""What is taken later: schedules, automatic payment, plans, and the runs that take it."""
