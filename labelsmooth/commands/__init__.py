"""What the command line can be asked: its options, and what each command prints of a finished training."""
