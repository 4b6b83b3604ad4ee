"""The IPP driver: any printer or spooler that speaks IPP 2.0 over TCP or a unix socket."""
