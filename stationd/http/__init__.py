"""The HTTP door: decode, call one service, encode."""
