"""A genuine city: NATS servers, the city's program with its books, stations, and a story in which all of it breaks."""
