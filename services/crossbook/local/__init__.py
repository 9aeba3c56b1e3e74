"""One machine: embedded servers, the supervisor, the live view and the summary behind `crossbook up`."""
