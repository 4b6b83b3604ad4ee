"""Readers of cards, receipts and badges."""
