"""Sink: counts and alerts on the terminal. A pure renderer, and a loop that feeds it."""
