"""The demonstration: the same daemon, with simulated printers and invented applicants, in a folder of its own."""
