"""Payments: what was asked, what the processor said, and the one machine that moves them."""
