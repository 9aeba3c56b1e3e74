"""What a face speaks with: a session of a client, an answer of REST, the limits that both keep."""
