"""The one port: sockets and REST of every face, and the control endpoint."""
