"""What is skipped in every indexed folder unless a block list takes it back with `!`."""

_VERSIONS = ".git .hg .svn .bzr .jj CVS _darcs"
_PACKAGES = """
node_modules bower_components jspm_packages .pnpm-store .yarn .venv venv .virtualenv virtualenv site-packages
.conda .direnv .nix-profile Pods .bundle
"""
_BUILT = """
target dist build out obj .next .nuxt .svelte-kit .output .gradle .mvn .build .dart_tool .stack-work
_build .eggs dist-newstyle cmake-build-debug cmake-build-release DerivedData .terraform .serverless
"""
_CACHES = """
__pycache__ .cache .pytest_cache .mypy_cache .ruff_cache .tox .nox .hypothesis .ipynb_checkpoints
.parcel-cache .turbo .sass-cache .npm .cargo .rustup .ccache .thumbnails
"""
_SYSTEM = """
.idea .vs .history .Trash .Trashes .Spotlight-V100 .fseventsd .DocumentRevisions-V100 .TemporaryItems
$RECYCLE.BIN lost+found
"""
_SECRET = ".ssh .gnupg .aws .azure .kube .docker .password-store .pki"

_SYSTEM_FILES = ".DS_Store .localized Thumbs.db desktop.ini"
_SECRET_FILES = """
.env .netrc .pgpass .git-credentials .npmrc .pypirc id_rsa id_dsa id_ecdsa id_ed25519 .bash_history
.zsh_history .python_history
"""

_PICTURES = """
png jpg jpeg jpe gif bmp tif tiff webp ico icns heic heif avif jxl psd xcf raw cr2 cr3 nef arw dng ai
"""
_SOUNDS = "mp3 wav flac ogg oga opus m4a aac wma aiff aif mid midi"
_FILMS = "mp4 m4v mkv mov avi wmv flv webm mpg mpeg 3gp vob"
_ARCHIVES = """
zip 7z rar tar gz tgz bz2 tbz2 xz txz zst lz lz4 lzma br cab iso img dmg vhd vhdx vmdk qcow2 deb rpm apk
jar war ear whl egg nupkg vsix crx xpi msi pkg
"""
_PROGRAMS = "exe dll so dylib a lib o obj ko sys com class pyc pyo pyd wasm elf bin dex node rlib rmeta pdb"
_MODELS = "gguf ggml safetensors ckpt pt pth onnx tflite h5 hdf5 keras pb npy npz pickle pkl joblib mlmodel"
_DATABASES = """
db sqlite sqlite3 db3 mdb accdb dbf ldb sst mdf ldf parquet feather arrow orc db-wal db-shm db-journal
sqlite-wal sqlite-shm
"""
_DOCUMENTS = """
doc docx dot dotx xls xlsx xlsm xlsb ppt pptx pps ppsx odt ods odp odg pages numbers key epub mobi azw azw3
djvu chm one
"""
_FONTS = "ttf otf ttc woff woff2 eot pfb"
_SCENES = "blend fbx glb gltf stl 3ds max dwg dxf skp step stp"
_KEYS = "pem p12 pfx jks keystore kdbx kdb gpg asc ppk"
_LEFTOVERS = "tmp temp swp swo swn bak part crdownload lock map"


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


def _sorted(*texts: str) -> tuple[str, ...]:
    return tuple(sorted(_words(*texts), key=str.casefold))


FOLDERS = _words(_VERSIONS, _PACKAGES, _BUILT, _CACHES, _SYSTEM, _SECRET)
FOLDER_ENDINGS = _words("egg-info dist-info xcodeproj app photoslibrary")
NAMES = _words(_SYSTEM_FILES, _SECRET_FILES)
ENDINGS = _words(
    _PICTURES, _SOUNDS, _FILMS, _ARCHIVES, _PROGRAMS, _MODELS, _DATABASES, _DOCUMENTS, _FONTS, _SCENES, _KEYS
) | _words(_LEFTOVERS)

GROUPS: dict[str, tuple[str, ...]] = {
    "Folders of versions, packages, builds and caches": _sorted(_VERSIONS, _PACKAGES, _BUILT, _CACHES),
    "Folders of the system and with keys": _sorted(_SYSTEM, _SECRET),
    "Names of folders that end with": tuple(f".{ending}" for ending in sorted(FOLDER_ENDINGS)),
    "Files of the system and with secrets": _sorted(_SYSTEM_FILES, _SECRET_FILES),
    "Files that end with": tuple(f".{ending}" for ending in sorted(ENDINGS)),
}
"""All of it in words for people."""


def skips_folder(name: str) -> bool:
    """Say whether a folder of this name is skipped with all that is in it."""
    return name in FOLDERS or _ending(name) in FOLDER_ENDINGS


def skips_file(name: str) -> bool:
    """Say whether a file of this name is skipped: its ending tells that it is no text, or holds secrets."""
    return name in NAMES or _ending(name) in ENDINGS


def _ending(name: str) -> str:
    """Return what follows the last dot, in small letters; nothing for a name that has none."""
    return name.rpartition(".")[2].casefold() if "." in name else ""
