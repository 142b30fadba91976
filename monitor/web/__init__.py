"""Sink: one page and a read-only JSON API. Pure parts, a hub for live events, a server."""
