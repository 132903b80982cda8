"""What stops a command although it was asked for something that can be."""


class CommandError(Exception):
    """One line for the user; the exit code is 1, where 2 says that the options were wrong."""
