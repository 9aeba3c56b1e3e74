"""The event loop's side of the data plane: its thread's bells, and the calls about which Python decides."""
