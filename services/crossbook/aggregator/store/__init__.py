"""All SQL of the aggregator."""
