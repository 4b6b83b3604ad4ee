"""The page for the head of the office: a city's figures from Prometheus, as one file to read and to print."""
