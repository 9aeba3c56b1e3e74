"""Who calls, and what they may: the options of the protos, tokens and keys, checked without asking anybody."""
