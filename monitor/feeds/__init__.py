"""Feeds become articles: schedule and selection are pure, fetch and parse are the edges."""
