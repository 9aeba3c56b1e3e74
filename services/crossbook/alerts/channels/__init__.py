"""Where alerts are sent: one file per kind of channel, and a registry that names them."""
