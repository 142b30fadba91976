"""Sink: the live view of `newsmon top`. A pure renderer of lines, widgets, and the app."""
