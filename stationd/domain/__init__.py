"""Pure rules and records: standard library only, no asyncio, no clock, no logging, no I/O."""
