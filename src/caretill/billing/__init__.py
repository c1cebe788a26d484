"""Bills: what was charged and why, what a feed changed, where the money went, and how a bill is found."""
