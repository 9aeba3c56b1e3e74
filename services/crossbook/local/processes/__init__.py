"""Child processes of one machine: starting, watching, measuring and ending them."""
