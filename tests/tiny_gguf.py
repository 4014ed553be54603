"""Makes tiny GGUF files with random weights that llama.cpp really loads; nothing is downloaded.

`python -m tests.tiny_gguf OUT --variant think` writes one by hand.

The weights are random, with a little structure placed by hand so that the text is readable and its length
and special tokens can be steered. Dimension 0 of the residual stream is a constant that no layer writes to:
`output.weight[:, 0]` is therefore a bias per token, which says which words are likely and how soon the stop
token comes. Some tokens get a dimension of their own; through it they make the next token certain.
"""

import argparse
import itertools
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np

DIM, FEED_FORWARD, LAYERS, HEADS, KV_HEADS = 64, 192, 2, 4, 2
SLOW_FEED_FORWARD = 65_536
ALIGNMENT = 32
CONSTANT = 3.0
NEVER = -30.0
LONG_CTX = 131_072

_SENTENCE = (
    " the a thread night model waits then answers short lamp letter river stone quiet bright slowly"
    " again over under between every second thought of and to it is was with no more than one two"
    " three days early home garden window"
)
WORDS = re.findall(" [a-z]+", _SENTENCE)
PUNCTUATION = [",", ".", "\n"]
EMOJI = "\U0001f600"

CHATML = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"""

THINKING = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\n' }}
{%- if message.role == 'assistant' and message.reasoning_content is defined and message.reasoning_content %}
{{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}
{%- endif %}
{{- message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\n<think>\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '\n</think>\n\n' }}{%- endif %}
{%- endif %}"""

STRICT_ROLES = """\
{%- set turns = messages %}
{%- if messages[0].role == 'system' %}
{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- set turns = messages[1:] %}
{%- endif %}
{%- for message in turns %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{%- endif %}
{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"""

NO_SYSTEM = """\
{%- if messages[0].role == 'system' %}{{- raise_exception('System role not supported') }}{%- endif %}
{%- for message in messages %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
{{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{%- endif %}
{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"""

TEMPLATES = {
    "chat": CHATML,
    "think": THINKING,
    "utf8": CHATML,
    "endless": CHATML,
    "strict_roles": STRICT_ROLES,
    "no_system": NO_SYSTEM,
}
VARIANTS = tuple(TEMPLATES)


@dataclass
class _Vocabulary:
    """A byte-level BPE: all 256 bytes, the words with the merges that build them, the special tokens."""

    tokens: list[str] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    def add(self, token: str, kind: gguf.TokenType = gguf.TokenType.NORMAL) -> int:
        if token not in self.ids:
            self.ids[token] = len(self.tokens)
            self.tokens.append(token)
            self.types.append(kind)
        return self.ids[token]

    def add_word(self, word: str) -> None:
        spelled = _spell(word)
        for end in range(2, len(spelled) + 1):
            if spelled[:end] not in self.ids:
                self.add(spelled[:end])
                self.merges.append(f"{spelled[: end - 1]} {spelled[end - 1]}")

    def of(self, text: str) -> int:
        """Return the id of a text that is one token."""
        return self.ids[_spell(text)]


def make_tiny_gguf(
    path: str | os.PathLike[str],
    variant: str = "chat",
    ctx: int | None = None,
    seed: int = 7,
    mean_len: int = 60,
    name: str = "",
) -> Path:
    """Write a model of about 300 kB and return its path; the same arguments give the same bytes.

    `chat` writes words and stops by itself, after about `mean_len` tokens. `think` first thinks, and obeys
    `enable_thinking`. `utf8` writes 4-byte characters, one byte a token. `endless` never stops.
    `strict_roles` has a template that raises unless user and assistant alternate after an optional system
    turn; `no_system` raises on a system turn too. `ctx` is the trained window in tokens: 4,096, and 131,072
    for `endless`.
    """
    words = _vocabulary()
    rng = np.random.default_rng(seed)
    embedding, output = _vocabulary_matrices(words, variant, mean_len, rng)
    writer = gguf.GGUFWriter(path, "llama")
    trained = ctx or (LONG_CTX if variant == "endless" else 4096)
    _write_header(writer, words, TEMPLATES[variant], trained, name or f"Tiny {variant}")
    _write_tensors(writer, embedding, output, rng)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(path)


def make_slow_gguf(path: str | os.PathLike[str], layers: int = 60) -> Path:
    """Write a model of zeros that takes seconds to load the first time: 25 MB a layer, but none on the disk.

    It says nothing sensible; it is there to be stopped while it loads.
    """
    words, writer = _vocabulary(), gguf.GGUFWriter(path, "llama")
    _write_header(writer, words, CHATML, 4096, "Slow", layers, SLOW_FEED_FORWARD)
    size = 0
    for name, shape, kind in _shapes(len(words.tokens), layers, SLOW_FEED_FORWARD):
        n_bytes = math.prod(shape) * np.dtype(kind).itemsize
        writer.add_tensor_info(name, shape, np.dtype(kind), n_bytes)
        size += -n_bytes % ALIGNMENT + n_bytes
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    header = os.path.getsize(path)
    os.truncate(path, -header % ALIGNMENT + header + size)
    return Path(path)


def _vocabulary() -> _Vocabulary:
    words = _Vocabulary()
    for byte in range(256):
        words.add(_BYTE_LETTERS[byte])
    for word in [*WORDS, "\n\n"]:
        words.add_word(word)
    for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        words.add(text, gguf.TokenType.CONTROL)
    for text in ("<think>", "</think>"):
        words.add(text, gguf.TokenType.USER_DEFINED)
    return words


def _vocabulary_matrices(
    words: _Vocabulary, variant: str, mean_len: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the embedding and the output matrix, with the steering of this variant built in."""
    n_vocab = len(words.tokens)
    embedding = rng.normal(0, 0.10, (n_vocab, DIM))
    embedding[:, 0] = CONSTANT
    output = rng.normal(0, 0.45, (n_vocab, DIM))
    output[:, 0] = _biases(words, variant, mean_len) / _normed_constant()
    if variant == "utf8":
        _force_emoji(words, embedding, output)
    if variant == "think":
        _split_in_two_halves(words, embedding, output)
    return embedding, output


def _biases(words: _Vocabulary, variant: str, mean_len: int) -> np.ndarray:
    bias = np.full(len(words.tokens), NEVER)
    bias[[words.of(word) for word in WORDS]] = 0.0
    bias[[words.of(mark) for mark in PUNCTUATION]] = -1.0
    n_likely = len(WORDS) // 2 if variant == "think" else len(WORDS)
    total = math.log(n_likely) + 0.4
    if variant == "utf8":
        bias[words.ids[_BYTE_LETTERS[EMOJI.encode()[0]]]] = 2.0
    if variant == "think":
        bias[words.ids["</think>"]] = (total - math.log(40)) / 0.84
    if variant != "endless":
        bias[words.ids["<|im_end|>"]] = total - math.log(mean_len)
    return bias


def _normed_constant() -> float:
    """Return what the final RMS norm makes of the constant dimension."""
    return CONSTANT / math.sqrt((CONSTANT**2 + DIM * 0.01) / DIM)


def _force_emoji(words: _Vocabulary, embedding: np.ndarray, output: np.ndarray) -> None:
    """Make each byte of the emoji certain once the byte before it has come."""
    ids = [words.ids[_BYTE_LETTERS[byte]] for byte in EMOJI.encode()]
    for dim, (before, after) in enumerate(itertools.pairwise(ids), start=1):
        embedding[before, :] = 0.0
        embedding[before, 0] = CONSTANT
        embedding[before, dim] = 6.0
        output[:, dim] = 0.0
        output[after, dim] = 6.0


def _split_in_two_halves(words: _Vocabulary, embedding: np.ndarray, output: np.ndarray) -> None:
    """Give thoughts and answers separate words, so that each word says in which of the two the text is.

    The newline after `<think>` opens the thoughts; `</think>` and an empty line open the answer.
    """
    ids = [words.of(word) for word in WORDS]
    half = len(ids) // 2
    thoughts, answer = ids[:half], ids[half:]
    think_end, stop = words.ids["</think>"], words.ids["<|im_end|>"]
    openers = ([words.of("\n")], [words.of("\n\n"), think_end])
    for dim, likely, sources in (
        (5, [*thoughts, think_end], [*thoughts, *openers[0]]),
        (6, [*answer, stop], [*answer, *openers[1]]),
    ):
        output[:, dim] = 0.0
        embedding[:, dim] = 0.0
        output[likely, dim] = 3.0
        embedding[sources, dim] = 2.0


def _write_header(
    writer: gguf.GGUFWriter,
    words: _Vocabulary,
    template: str,
    ctx: int,
    name: str,
    layers: int = LAYERS,
    feed_forward: int = FEED_FORWARD,
) -> None:
    writer.add_name(name)
    writer.add_size_label("0.1M")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(ctx)
    writer.add_embedding_length(DIM)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(DIM // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(words.tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words.tokens)
    writer.add_token_types(words.types)
    writer.add_token_merges(words.merges)
    writer.add_bos_token_id(words.ids["<|endoftext|>"])
    writer.add_eos_token_id(words.ids["<|im_end|>"])
    writer.add_pad_token_id(words.ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def _write_tensors(
    writer: gguf.GGUFWriter, embedding: np.ndarray, output: np.ndarray, rng: np.random.Generator
) -> None:
    made = {"token_embd.weight": embedding, "output.weight": output}
    for name, shape, kind in _shapes(len(embedding)):
        if len(shape) == 1:
            weights = np.ones(shape)
        elif name in made:
            weights = made[name]
        else:
            weights = rng.normal(0, 0.02, shape)
        if "attn_output" in name or "ffn_down" in name:
            weights[0, :] = 0.0  # no layer may write to the constant dimension
        writer.add_tensor(name, weights.astype(kind))


def _shapes(
    n_vocab: int, layers: int = LAYERS, feed_forward: int = FEED_FORWARD
) -> Iterator[tuple[str, tuple[int, ...], type]]:
    """Yield name, shape and type of every tensor."""
    kv_dim = DIM // HEADS * KV_HEADS
    yield "token_embd.weight", (n_vocab, DIM), np.float16
    yield "output_norm.weight", (DIM,), np.float32
    yield "output.weight", (n_vocab, DIM), np.float16
    matrices = {
        "attn_q": (DIM, DIM),
        "attn_k": (kv_dim, DIM),
        "attn_v": (kv_dim, DIM),
        "attn_output": (DIM, DIM),
        "ffn_gate": (feed_forward, DIM),
        "ffn_up": (feed_forward, DIM),
        "ffn_down": (DIM, feed_forward),
    }
    for layer in range(layers):
        for key, shape in matrices.items():
            yield f"blk.{layer}.{key}.weight", shape, np.float16
        for key in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{key}.weight", (DIM,), np.float32


def _byte_letters() -> dict[int, str]:
    """Return GPT-2's reversible table from bytes to printable characters."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {b: chr(256 + n) for n, b in enumerate(others)}


_BYTE_LETTERS = _byte_letters()


def _spell(text: str) -> str:
    return "".join(_BYTE_LETTERS[byte] for byte in text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a tiny random model for tests.")
    parser.add_argument("out")
    parser.add_argument("--variant", choices=VARIANTS, default="chat")
    parser.add_argument("--ctx", type=int, help="trained window in tokens")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mean-len", type=int, default=60, help="tokens before it stops, about")
    args = parser.parse_args()
    path = make_tiny_gguf(args.out, args.variant, args.ctx, args.seed, args.mean_len)
    print(f"{path}: {path.stat().st_size} bytes, {args.variant}")


if __name__ == "__main__":
    main()
