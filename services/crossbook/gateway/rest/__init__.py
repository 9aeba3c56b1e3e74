"""REST by the protos' own routes."""
