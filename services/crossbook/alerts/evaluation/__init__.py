"""From opportunity events to matches of rules: who of several replicas looks at what, and what it decides."""
