"""The Faust processes of newsmon. Nothing imports this package but `newsmon worker`."""
