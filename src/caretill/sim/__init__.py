"""The simulated outside: what stands in for the world in demos, tests and simulations. No real payment needs it."""
