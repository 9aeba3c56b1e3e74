"""What every service stands on: settings, logs, errors, gRPC, databases, retries. Knows no service and no venue."""
