"""Ways to send messages, and what they need."""
