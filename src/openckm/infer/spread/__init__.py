"""This package says how wide the stated spread must be: calibration on validation maps and conformal risk control."""
