"""What is simulated: instruments and their books, the episodes planted in them, and the truth and score of a run."""
