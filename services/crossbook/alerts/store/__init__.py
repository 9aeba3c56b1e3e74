"""All SQL of the alerts service, a file for each thing that it keeps; an outage raises UnavailableError."""
