"""Tables of English words derived from WordNet 3.0, and its licence."""
