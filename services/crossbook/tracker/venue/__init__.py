"""One venue at work: its feed driven by sockets and answers, what is tracked, and how it is doing."""
