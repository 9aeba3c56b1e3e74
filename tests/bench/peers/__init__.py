"""The same recorded frames through Crossbook, cryptofeed and ccxt, side by side."""
