"""Alerts: keeps rules, matches them with opportunities, and delivers what fired, once."""
