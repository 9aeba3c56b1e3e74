"""From alerts to messages of groups: who belongs together, what is said of it when, and how it closes."""
