"""Everything of newsmon that knows no Faust: the contract, the pure rooms, the edges."""
