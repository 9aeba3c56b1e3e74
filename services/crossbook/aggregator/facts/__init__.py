"""What instruments are known for besides quotes: kept as trackers tell it, and told to whoever asks."""
