"""Fit, evaluate and export the judge; what runs a network needs the ``train`` extra."""

from classifier.errors import require_extra

TRAIN_MODULES = ("torch", "transformers", "onnx", "sklearn")
"""What the ``train`` extra installs; a contract test compares it with pyproject.toml."""

__all__ = ["TRAIN_MODULES", "require_train_extra"]


def require_train_extra() -> None:
    """Raise `MissingExtraError` unless the ``train`` extra is installed."""
    require_extra("train", TRAIN_MODULES, needed_by="training")
