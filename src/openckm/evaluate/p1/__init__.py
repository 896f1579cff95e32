"""P1's four construction tasks: its networks, its protocols, its scores."""
