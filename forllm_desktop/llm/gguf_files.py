"""Finds the models that other programs keep on this machine."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from forllm_desktop.llm.fields import objects_in

_GGUF_MAGIC = b"GGUF"
_OLLAMA_MODEL = "application/vnd.ollama.image.model"


class FileMark(NamedTuple):
    """What tells a file from one that took its place: file number, time of change (ns), size in bytes."""

    number: int
    changed: int
    size: int


def file_mark(path: str) -> FileMark | None:
    """Return the mark of a file; None when it is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileMark(found.st_ino, found.st_mtime_ns, found.st_size)


def find_gguf_files() -> list[Path]:
    """Return the models that other programs keep on this machine, without duplicates, sorted by path.

    Files of LM Studio, llama.cpp, Jan and GPT4All, and the blobs that Ollama's manifests point at, which
    have no extension. Projectors and later parts of a split file are left out. Unreadable folders too.
    """
    candidates = [path for folder in _model_folders() for path in _gguf_files_in(folder)]
    candidates += [path for folder in _ollama_folders() for path in _ollama_blobs(folder)]
    by_place = {os.path.realpath(path): path for path in candidates if _is_gguf(path)}
    return sorted(by_place.values())


def _model_folders() -> list[Path]:
    home, env = Path.home(), os.environ
    folders = [home / ".lmstudio/models", home / ".cache/lm-studio/models"]
    if env.get("LLAMA_CACHE"):
        folders.append(Path(env["LLAMA_CACHE"]))
    elif sys.platform == "darwin":
        folders.append(home / "Library/Caches/llama.cpp")
    elif sys.platform == "win32":
        folders.append(Path(env.get("LOCALAPPDATA", home)) / "llama.cpp")
    else:
        folders.append(Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "llama.cpp")
    data_folders = [
        home / ".local/share",
        home / ".config",
        home / "Library/Application Support",
        *(Path(env[name]) for name in ("XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA") if env.get(name)),
    ]
    folders += [folder / "Jan/data/llamacpp/models" for folder in data_folders]
    folders += [folder / "nomic.ai/GPT4All" for folder in data_folders]
    return [*folders, home / "jan/llamacpp/models"]


def _gguf_files_in(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(".gguf") and not _is_part_of_another(name.lower()):
                yield Path(parent) / name


def _is_part_of_another(name: str) -> bool:
    """Say whether a file is a projector, or a split file's part after the first (x-00002-of-00005.gguf)."""
    stem = name.removesuffix(".gguf")
    part = stem[-len("00002-of-00005") :].split("-of-")
    is_later = len(part) == 2 and all(digits.isdigit() for digits in part) and int(part[0]) > 1
    return "mmproj" in name or is_later


def _ollama_folders() -> list[Path]:
    own = os.environ.get("OLLAMA_MODELS")
    return [
        *([Path(own)] if own else []),
        Path.home() / ".ollama/models",
        Path("/usr/share/ollama/.ollama/models"),
    ]


def _ollama_blobs(folder: Path) -> Iterator[Path]:
    """Yield the model files of all manifests (`manifests/<host>/<namespace>/<model>/<tag>`)."""
    for parent, _, names in os.walk(folder / "manifests"):
        for name in names:
            for layer in objects_in(_json_file(Path(parent) / name).get("layers")):
                digest = layer.get("digest")
                if layer.get("mediaType") == _OLLAMA_MODEL and isinstance(digest, str):
                    yield folder / "blobs" / Path(digest.replace(":", "-")).name


def _json_file(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_GGUF_MAGIC)) == _GGUF_MAGIC
    except OSError:
        return False
