"""The demo: invented outlets, served as feeds on this machine, telling one story in a minute."""
