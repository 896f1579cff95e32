"""Bare networks and layers, without any knowledge of radio: tensors in, tensors out."""
