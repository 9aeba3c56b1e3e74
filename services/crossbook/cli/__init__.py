"""The `crossbook` command."""
