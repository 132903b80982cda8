"""Claims of papers about label smoothing, re-tested at toy scale: what they say, how they are tested, what came out."""
