"""What ships inside the package: the prior's weights and card, and the demo's measurements and layout."""
