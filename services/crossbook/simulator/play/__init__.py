"""What happens to the venues: faults on order, and captures of real ones in place of the world."""
