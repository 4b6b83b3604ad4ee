"""The daemon's verbs: they know the domain and the ports, never an adapter."""
