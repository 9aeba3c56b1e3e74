"""What a run shows: the live view, lines, the summary and its score."""
