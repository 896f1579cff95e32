"""How a model is kept: a card that says what it is, and weights checked before use. No torch here."""

from openckm.store.card import ModelCard
from openckm.store.weights import read_weights, write_weights

__all__ = ["ModelCard", "read_weights", "write_weights"]
