"""The durable store: one writer that commits in groups, readers of their own, SQL in files."""
