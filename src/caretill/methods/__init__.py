"""Saved cards and bank accounts, and what their owners agreed to. Sits below payments: it knows no payment."""
