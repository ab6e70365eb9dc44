"""Ids of captions: CLIP's by open_clip's tokenizer over byte pairs learned here, BERT's by a greedy search of word pieces.

    python generate.py      # needs open_clip_torch 3.3.0, numpy, safetensors

Writes bpe.txt.gz, the pairs in the form of CLIP's file, which ends without a new line; tokenizer.json, a BERT tokenizer; captions.json; case.safetensors with
the ids, filled up with -1.
"""

import gzip
import json
import pathlib
import unicodedata
from collections import Counter

import numpy as np
import regex
from open_clip.tokenizer import SimpleTokenizer, bytes_to_unicode
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
LENGTH = 16
CAPTIONS = [
    "a photo of a cat.",
    "A PHOTO  of\ta Cat!",
    "two cats, three dogs & 12 birds",
    "it's the dog's ball; they've lost it, and we'll find it",
    "naïve café señor Ångström",
    "cafe\u0301 with a combining accent",
    "고양이 사진",
    "emoji 😀 and 🐈 together",
    "a very long caption about a cat that goes on and on until nothing of it fits between begin and end any more",
    "snake_case and CamelCase",
    "x",
    "  leading and trailing  ",
    "1234567890",
    "what?!... (really)",
]


def learned(captions, count):
    """Merges of the most frequent pairs, ties in the order of their letters."""
    byte = bytes_to_unicode()
    words = Counter()
    pattern = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    for caption in captions:
        for word in pattern.findall(caption.lower()):
            letters = [byte[b] for b in word.encode()]
            words[tuple(letters[:-1] + [letters[-1] + "</w>"])] += 1
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        joined = Counter()
        for word, times in words.items():
            new, at = [], 0
            while at < len(word):
                if word[at : at + 2] == best:
                    new.append(best[0] + best[1])
                    at += 2
                else:
                    new.append(word[at])
                    at += 1
            joined[tuple(new)] += times
        words = joined
    return merges


def padded(rows):
    return np.array([row + [-1] * (LENGTH - len(row)) for row in rows], dtype=np.int64)


def clip_ids():
    lines = ["#version: 0.2"] + [f"{a} {b}" for a, b in learned(CAPTIONS[:10], 120)]
    with open(HERE / "bpe.txt.gz", "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write("\n".join(lines).encode())
    tokenizer = SimpleTokenizer(bpe_path=str(HERE / "bpe.txt.gz"), context_length=LENGTH)
    rows = []
    for caption in CAPTIONS:
        ids = [tokenizer.sot_token_id] + tokenizer.encode(caption) + [tokenizer.eot_token_id]
        full = tokenizer(caption)[0].tolist()
        kept = ids if len(ids) <= LENGTH else ids[: LENGTH - 1] + [tokenizer.eot_token_id]
        assert full[: len(kept)] == kept, caption
        rows.append(kept)
    return padded(rows), tokenizer.vocab_size


def bert_ids():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces += sorted(set("abcdefghijklmnopqrstuvwxyz0123456789.,!?;&()'_"))
    pieces += ["##" + letter for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    pieces += ["photo", "cat", "##s", "dog", "bird", "the", "and", "lost", "##ing", "cap", "##tion", "long", "very", "cafe"]
    pieces = list(dict.fromkeys(pieces))
    number = {piece: at for at, piece in enumerate(pieces)}
    ends = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    ends += [{"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    special = {name: {"id": name, "ids": [number[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    added = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number[name], "content": name, **added} for name in pieces[:4]],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": ends, "pair": ends, "special_tokens": special},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": number},
    }
    (HERE / "tokenizer.json").write_text(json.dumps(tokenizer))

    def is_sign(letter):
        return unicodedata.category(letter).startswith("P") or letter in "$+<=>^`|~"

    def word_pieces(word):
        found, start = [], 0
        while start < len(word):
            end = len(word)
            while end > start and (word[start:end] if start == 0 else "##" + word[start:end]) not in number:
                end -= 1
            if end == start:
                return ["[UNK]"]
            found.append(word[start:end] if start == 0 else "##" + word[start:end])
            start = end
        return found

    rows = []
    for caption in CAPTIONS:
        plain = unicodedata.normalize("NFD", caption.lower())
        plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
        spaced = "".join(f" {letter} " if is_sign(letter) else letter for letter in plain)
        ids = [number[piece] for word in spaced.split() for piece in word_pieces(word)]
        rows.append([number["[CLS]"]] + ids[: LENGTH - 2] + [number["[SEP]"]])
    return padded(rows), len(pieces)


clip, clip_size = clip_ids()
bert, bert_size = bert_ids()
(HERE / "captions.json").write_text(json.dumps(CAPTIONS, ensure_ascii=False, indent=1) + "\n")
sizes = np.array([clip_size, bert_size], dtype=np.int64)
save_file({"clip": clip, "bert": bert, "vocabularies": sizes}, HERE / "case.safetensors")
