"""PURE: looking back: what rules would have told, the thread of a story, what became of letters."""
