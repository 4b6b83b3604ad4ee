"""The city's engine, NATS JetStream: the only place that knows it; it needs the extra ``city``."""
