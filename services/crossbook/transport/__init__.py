"""How exchanges are reached, by whoever needs them: sockets, REST, request budgets. Knows no venue by name."""
