"""A city of simulated stations: what eighteen kecamatan tell Prometheus, days in seconds, with scripted faults."""
