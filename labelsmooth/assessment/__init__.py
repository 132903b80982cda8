"""A model of one's own, judged: over- or under-confident, what a temperature buys, whether smoothing would help."""
