"""A data set of one's own: prepared from a table, and known by a name for as long as somebody holds it."""
