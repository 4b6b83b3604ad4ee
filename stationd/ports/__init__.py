"""What the services need from outside, as Protocols; the adapters fulfil them and nothing here imports one.

One module for each thing that is outside; each also holds the records that cross its door.
"""
