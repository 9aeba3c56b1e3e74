"""All SQL of the arbitrage service: its own tables, and the windows that it reads."""
