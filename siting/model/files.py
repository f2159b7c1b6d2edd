"""Model files: bundled ones by name, others by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from siting.errors import Complaint, ModelError, did_you_mean
from siting.instance import Instance
from siting.loading import RefusedFileError, load
from siting.model.question import Model
from siting.model.reader import parse_model
from siting.nested import MOST_TOML


def _folder() -> Path:
    """Where the bundled model files are: package data, or beside the package in a checkout."""
    packaged = Path(str(resources.files("siting") / "models"))
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent.parent / "models"


def bundled_models() -> list[str]:
    """Names of the models that ship with siting, sorted."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


DEFAULT = "max_coverage"
"""The question where neither the caller nor the instance names one."""


def model_of(instance: Instance, name: str | Path | None = None) -> Model:
    """The question to ask of an instance.

    Args:
        instance: whose own question it is where ``name`` is None; it may bring a model file.
        name: see :func:`load_model`; a file that the instance brings may be named too. The instance
            itself names one of these or a bundled model, never another file.

    Raises:
        ModelError: with everything that is wrong with the file.
    """
    chosen = name or instance.settings.model or DEFAULT
    text = instance.brings.get(str(chosen))
    if text is None:
        return load_model(chosen) if name else _bundled(chosen)
    where = f"{instance.origin}/{chosen}" if instance.origin else str(chosen)
    return parse_model(text, Path(chosen).stem, where)


def load_model(name: str | Path) -> Model:
    """Read a model file, or a bundled model by its name.

    Raises:
        ModelError: with everything that is wrong with the file.
    """
    path = Path(name)
    return _read(path) if path.suffix == ".toml" else _bundled(name)


def _bundled(name: str | Path) -> Model:
    """A bundled model by its name, which is no path."""
    known = bundled_models()
    if str(name) not in known:
        raise ModelError(
            f"there is no model {str(name)!r}{did_you_mean(str(name), known)}; "
            f"give one of {', '.join(known)}, or a file ending in .toml"
        )
    return _read(_folder() / f"{name}.toml")


def _read(path: Path) -> Model:
    """The model of a file."""
    try:
        text = load(path, MOST_TOML).decode("utf-8-sig")
    except FileNotFoundError:
        raise ModelError(Complaint(str(path), "there is no such file")) from None
    except RefusedFileError as error:
        raise ModelError(Complaint(str(path), f"cannot be read: {error.strerror}")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(Complaint(str(path), f"cannot be read as UTF-8 text: {error}")) from None
    return parse_model(text, path.stem, str(path))
