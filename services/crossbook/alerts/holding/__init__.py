"""What holds an alert back though its rule fires: silences, mute times, and what makes it untrustworthy."""
