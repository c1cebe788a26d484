"""Ledger, processor and bank laid side by side: payouts, statements, differences."""
