"""Card printers: one driver a package, found by entry point."""
