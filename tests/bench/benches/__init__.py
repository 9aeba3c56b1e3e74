"""One module for each bench: its rows, what they mean, and how a product is made ready to be measured."""
