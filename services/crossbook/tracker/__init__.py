"""The tracker: sockets, HTTP and clock for the venues' feeds, and their quotes on the way to the aggregator."""
