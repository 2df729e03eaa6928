"""Colours for the two languages that Pygments doesn't know: NVIDIA's machine code, and Triton's own in between."""

from __future__ import annotations

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, Text


class Sass(RegexLexer):  # type: ignore[misc]
    """As `triton.tools.disasm` writes it: each line begins with its stalls and barriers."""

    name = "sass of an NVIDIA GPU"
    tokens = {
        "root": [
            (r"^[\w-]{2}:[\w-]:[\w-]:[\w-]:[\w-]", Comment),
            (r"//.*", Comment),
            (r"^\w+:", Name.Label),
            (r"@!?U?P\d\b", Keyword),
            (r"\b(?:U?R\d+|U?P\d|URZ|RZ|U?PT)\b", Name.Variable),
            (r"\b[A-Z][A-Z0-9_]+(?:\.[\w.]+)*", Name.Function),
            (r"-?0x[0-9a-f]+|\b\d+\b", Number),
            (r"\s+", Text),
            (r".", Text),
        ]
    }


class Ttgir(RegexLexer):  # type: ignore[misc]
    name = "MLIR, as Triton writes it"
    tokens = {
        "root": [
            (r"//.*", Comment),
            (r"\bloc\(.*\)$|^#loc.*$", Comment),
            (r"%[\w#:]+", Name.Variable),
            (r"[#!][\w.]+", Name.Attribute),
            (r'"[^"]*"', String),
            (r"\b(?:ttn?g?|arith|scf|math|cf|ub|nvws|amdg|gpu)\.[\w.]+", Name.Function),
            (r"\b(?:tensor|memdesc|ptr|bf16|f\d+|i\d+|index)\b", Keyword.Type),
            (r"-?\b(?:0x[0-9A-Fa-f]+|\d[\d.]*(?:e[+-]?\d+)?)\b", Number),
            (r"\b[A-Za-z_]\w*", Text),
            (r"\s+", Text),
            (r".", Text),
        ]
    }


def lexer_for(kind: str) -> Lexer:
    """Of ptx, sass, ttgir or amdgcn."""
    known: dict[str, type[Lexer]] = {"sass": Sass, "ttgir": Ttgir}
    return known[kind]() if kind in known else get_lexer_by_name({"amdgcn": "gas"}.get(kind, kind))
