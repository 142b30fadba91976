"""`newsmon up`: broker, topics and all roles on one machine, started, watched, stopped in order."""
