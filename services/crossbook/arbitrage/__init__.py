"""Arbitrage: follows the aggregator's quotes, and tells which spreads between venues pay after costs."""
