"""What a demonstration needs besides the daemon: people who do not exist."""
