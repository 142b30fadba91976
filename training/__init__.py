"""How the detector's weights are made: repeatable, and never imported at run time."""
