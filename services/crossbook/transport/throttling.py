"""How long a venue is left alone that is asked too often: what its Retry-After may ask for, and what without one."""

# What a venue answers when it is asked too often; 418 is a ban for going on after 429.
THROTTLED_STATUSES = frozenset({418, 429})
DEFAULT_SECONDS = 10.0
LONGEST_SECONDS = 3600.0
