"""All SQL of the gateway: accounts, and what was done by whom."""
