"""gRPC as every service speaks it: channels, servers, limits, errors as statuses."""
