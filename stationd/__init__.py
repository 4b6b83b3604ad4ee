"""stationd: a daemon for card-print stations and kiosks."""

__version__ = "0.1.0"
