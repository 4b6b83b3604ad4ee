"""Long fault campaigns, run by ``make campaign``; a short one is among the ordinary tests."""
