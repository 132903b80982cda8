"""Predictions of a model of one's own: read from files, checked, and said in words how they were understood."""
