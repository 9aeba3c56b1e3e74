"""What the gateway answers, beside what its document says."""
