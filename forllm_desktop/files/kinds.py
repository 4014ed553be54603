"""What bytes that are no text look like, by how they begin (https://en.wikipedia.org/wiki/List_of_file_signatures)."""

PDF = b"%PDF-"
PDF_WITHIN = 1024
"""Bytes from the start among which a PDF may begin (ISO 32000-1, implementation note 13)."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"8BPS\x00\x01", "a Photoshop image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 archive"),
    (b"!<arch>\n", "an archive of compiled code"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x00asm", "a WebAssembly program"),
    (b"dex\n", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x00\x01\x00\x00Standard", "an Access database"),
    (b"PAR1", "a Parquet table"),
    (b"ARROW1", "an Arrow table"),
    (b"GGUF", "a GGUF model"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"MThd\x00\x00", "a MIDI recording"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"FLV\x01", "a Flash video"),
    (b"\x00\x00\x01\xba", "an MPEG video"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\x00\x01\x00\x00\x00", "a font"),
    (b"OTTO\x00", "a font"),
    (b"%!PS-Adobe", "a PostScript document"),
    (b"age-encryption.org/", "an encrypted file"),
    (b"Salted__", "an encrypted file"),
)
_HINTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\xff\xfb", "an MP3 recording"),
    (b"\xff\xf3", "an MP3 recording"),
)
"""Too short to tell by themselves: a text may begin so. They only name what has turned out to be none."""
_RIFF = {b"WEBP": "a WebP image", b"WAVE": "a WAV recording", b"AVI ": "an AVI video"}
_ZIPPED = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel table"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"mimetypeapplication/epub+zip", "an EPUB book"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"META-INF/MANIFEST.MF", "a Java archive"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def is_pdf(content: bytes) -> bool:
    """Say whether bytes are a PDF."""
    return PDF in content[: PDF_WITHIN + len(PDF)] and not content.startswith(_ZIP)


def binary_kind(content: bytes) -> str | None:
    """Return in words what bytes are that begin like a known kind of file that is no text."""
    if content.startswith(_ZIP):
        return next((words for mark, words in _ZIPPED if mark in content[:16_384]), "a ZIP archive")
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], "a media file")
    if content[4:8] == b"ftyp":
        is_image = content[8:12] in (b"heic", b"heix", b"mif1", b"avif")
        return "a HEIF image" if is_image else "an MP4 video or recording"
    if content[:2] == b"BM" and content[6:10] == b"\0\0\0\0":
        return "a BMP image"
    if content[:2] == b"MZ" and b"\0" in content[:64]:
        return "a Windows program"
    if content[257:262] == b"ustar":
        return "a tar archive"
    if content[:3] == b"BZh" and content[4:10] == b"1AY&SY":
        return "a bzip2 archive"
    if content[:3] == b"ID3" and content[3:4] in (b"\2", b"\3", b"\4"):
        return "an MP3 recording"
    return next((words for begin, words in _SIGNATURES if content.startswith(begin)), None)


def likely_kind(content: bytes) -> str:
    """Return in words what bytes may be that have turned out to be no text."""
    hint = next((words for begin, words in _HINTS if content.startswith(begin)), "binary data")
    return binary_kind(content) or hint
