"""A local stand-in for the venues: their own REST and WebSocket protocols on one port, driven by one seeded world."""
