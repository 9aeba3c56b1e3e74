"""The WebSocket: what each client has asked for, and what it is sent."""
