"""A recorded run, played again and compared with what it was."""
