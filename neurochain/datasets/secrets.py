"""Secret: what must not be written down, found in texts and among values, and masked.

A secret is known by its shape (a private key, a key of AWS, a token of GitHub, a password in an address, a bearer
token), or by the name that it is given: any text that is assigned to ``password``, and one that looks drawn by chance
that is assigned to ``hf_token`` or ``api_key``. What only looks drawn by chance, such as a hash in a comment or data in
base64, is none.
"""

import ast
import math
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

MASK = "***"
SHORT = 6  # characters of a value of the environment, from which on it counts
_LONG = 8  # of a secret, from which on it is one wherever it stands
_SHOWN = 100  # of a longer one, which may have been cut
_DATA = 10_000  # characters without a blank: an array as a text
_MOST_SEARCHED = 20_000

_KEY_BLOCK = r"-----BEGIN[ A-Z]*PRIVATE KEY(?: BLOCK)?-----"
_KEY_END = r"-----END[ A-Z]*PRIVATE KEY(?: BLOCK)?-----"
_SHAPES = [
    re.compile(shape)
    for shape in (
        rf"{_KEY_BLOCK}(?:\\n|[\s\"'+\\-])*[A-Za-z0-9+/=:, -]{{16,}}(?:[\s\S]*?{_KEY_END}|[^\s\"']*)",
        rf"(?m)(?:^.{{0,4}}[A-Za-z0-9+/=]{{32,}}.{{0,4}}\n)+.*{_KEY_END}",  # the rest of one, in a diff
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}\b",
        r"\bgithub_pat_\w{22,}\b",
        r"\bglpat-[\w-]{20,}",
        r"\bxox[abeoprs]-[\w-]{10,}",
        r"\bhf_[A-Za-z0-9]{30,}\b",
        r"\bAIza[\w-]{35}\b",
        r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b",
        r"\bsk-(?:[a-z]+-)?(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}",
        r"\bnpm_[A-Za-z0-9]{36}\b",
        r"\bpypi-[\w-]{50,}",
        r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+",
    )
]
_USERINFO = re.compile(r"\b[a-z][a-z0-9+.-]*://(?P<value>[^\s/@:'\"]*:[^\s/@'\"]+)@", re.IGNORECASE)
_BEARER = re.compile(r"\b(?:bearer|basic|token)\s+(?P<value>(?=[^\s'\"]*\d)[\w.~+/=-]{12,})", re.IGNORECASE)
_QUERY = re.compile(r"[?&](?P<name>[\w.-]+)=(?P<value>[^&\s'\"<>{}]{6,})")
_SIGNED = frozenset({"sig", "signature", "x-amz-signature", "x-amz-credential", "x-goog-signature"})
_LITERAL = r"""[rbuf]{0,2}(?:'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")"""
_ASSIGNED = re.compile(
    rf"""
    (?<![\w.-])(?=[\w.-]*(?:pass|pwd|secret|credential|token|key|bearer|authorization))
    (?P<name>[a-z_][\w.-]*+)['"]?\s*\]?\s*     # a name, an attribute, a key, a subscript
    (?::\s*[\w.]+(?:\[\w+\])?(?:\s*\|\s*None)?\s*(?==))?  # an annotation
    (?:[!:]?={{1,2}}|:|=>|,(?=\s*[rbuf]{{0,2}}['"]))\s*\(?\s*
    (?P<value>{_LITERAL}(?:\s*{_LITERAL})*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PIECE = re.compile(_LITERAL, re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NEUTRAL = frozenset({"value", "text", "str", "string", "hex", "b64", "base", "raw", "default", "bytes"})
_PASSWORDS = frozenset(
    {"password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials", "apikey"}
)
_TOKENS = frozenset({"token", "bearer", "authorization"})
_KEYS = frozenset({"api", "access", "secret", "private", "account", "auth", "signing", "encryption"})
_DRAWN = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/=]{16,}")
_PLACEHOLDER = re.compile(
    r"[*x.•_-]*|<.*>|\[.*\]|\{.*\}|\$\{?\w+\}?|%\(?\w*\)?s|change_?me|your[-_ ].*|none|null|example|todo",
    re.IGNORECASE,
)

# Of a command line: whatever follows such a name.
_ANY_NAME = (
    r"(?:token|passw(?:or)?d|passphrase|pwd|secret|credential|bearer|authorization"
    r"|(?:api|access|account|private|auth|signing)[-_]?key)"
)
_NAMED = re.compile(
    rf"(?i)({_ANY_NAME}[\w.-]*['\"]?\s*[=:]\s*)[^&\r\n]+"
)  # name=value, name: value, ?name=value&
_NAME = re.compile(rf"(?i)-*[\w.-]*{_ANY_NAME}[\w.-]*:?\Z")  # the value is the next argument
_ANY_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
_ANY_USERINFO = re.compile(r"(\w+://)(?:[^\s/@:]*:\S*|[^\s/@]*)@")


@dataclass(frozen=True)
class Secret:
    """A secret in a text.

    Attributes
    ----------
    start, end : int
        Where it stands: [start, end).
    line : int
        1 for the first.
    values : tuple of str
        As it is written, and as what it means.
    """

    start: int
    end: int
    line: int
    values: tuple[str, ...]


def secrets_in(text: str) -> list[Secret]:
    """Secrets in source code, a diff or a message, in order."""
    found: list[Secret] = []
    for start, end, values in sorted(_found(text), key=lambda f: (f[0], -f[1])):
        if not found or start >= found[-1].end:
            found.append(Secret(start, end, text.count("\n", 0, start) + 1, values))
    return found


def masked(text: str) -> str:
    """A text with its secrets masked.

    Examples
    --------
    >>> masked('login("ada", password="hunter2", token_count=3)')
    'login("ada", password="***", token_count=3)'
    """
    for secret in reversed(secrets_in(text)):
        text = text[: secret.start] + MASK + text[secret.end :]
    return text


def screened(value: Any, known: Collection[str] = ()) -> Any:
    """A value of plain JSON, all its texts masked, those that are known secrets too."""
    if isinstance(value, str):
        if len(value) > _DATA and not any(map(str.isspace, islice(value, _DATA))):
            return value
        return _without(masked(value), known)
    if isinstance(value, dict):
        return {_without(k, known): screened(v, known) for k, v in value.items()}
    return [screened(v, known) for v in value] if isinstance(value, list) else value


def command_line(arguments: list[str]) -> str:
    """Command line, quoted as for a shell, with what looks like a secret masked: whatever is given to such a name."""
    shown: list[str] = []
    hidden = False
    for i, argument in enumerate(arguments):
        text = _ANY_USERINFO.sub(rf"\1{MASK}@", _ANY_BEARER.sub(rf"\1 {MASK}", argument))
        text = masked(_NAMED.sub(rf"\1{MASK}", text))
        shown.append(MASK if hidden else shlex.quote(text) if text == argument else text)
        hidden = i > 0 and not hidden and _NAME.match(argument) is not None
    return " ".join(shown)


def looks_secret(value: Any, place: str, environment: Collection[str]) -> bool:
    """Whether a value holds what should not be stored: by its name, by its shape, or found in the environment.

    Parameters
    ----------
    value : Any
        Texts, and lists and mappings of them, are looked at.
    place : str
        Its name, behind the last dot.
    environment : collection of str
        Values of the environment's variables.
    """
    waiting: list[tuple[Any, str]] = [(value, place.rpartition(".")[2])]
    for item, name in waiting:
        kind = type(item)
        if kind is str or kind is bytes:
            text = item if kind is str else item.decode("latin-1")
            if text and (
                text in environment or is_secret(name.strip("<>"), text) or secrets_in(text[:_DATA])
            ):
                return True
        elif len(waiting) < _MOST_SEARCHED:
            if kind in (list, tuple, set, frozenset):
                waiting += [(inner, name) for inner in islice(item, _MOST_SEARCHED)]
            elif kind is dict:
                waiting += [(inner, str(key)) for key, inner in item.items() if type(key) in (str, int)]
    return False


def is_secret(name: str, text: str) -> bool:
    """Whether a text that is given to a name is a secret."""
    words = [w.lower() for w in _WORDS.findall(name.rpartition(":")[2])]
    while words and (words[-1] in _NEUTRAL or words[-1].isdigit()):
        words.pop()
    if not words or _PLACEHOLDER.fullmatch(text) or text.lower() in (words[-1], name.lower()):
        return False
    if words[-1] in _PASSWORDS or (words[-1] == "key" and not _KEYS.isdisjoint(words[-2:-1])):
        return len(text) >= 3 and ("phrase" in words[-1] or not re.search(r"\s", text))
    return words[-1] in _TOKENS and _by_chance(text)


def _by_chance(text: str) -> bool:
    """Whether a text looks drawn by chance: letters and digits, few of them twice."""
    if len(text) < 12 or re.search(r"\s", text):
        return False
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    digits, letters = re.search(r"\d", text), re.search(r"[A-Za-z]", text)
    return entropy >= 2.5 and bool((digits and letters) or (len(text) >= 20 and entropy >= 3.8))


def _found(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for shape in _SHAPES:
        for match in shape.finditer(text):
            yield *match.span(), (match[0],)
    for pattern in (_USERINFO, _BEARER):
        for match in pattern.finditer(text):
            password = match["value"].partition(":")[2] or match["value"]
            if not _PLACEHOLDER.fullmatch(password):
                yield *match.span("value"), (match["value"],)
    for match in _QUERY.finditer(text):
        if match["name"].lower() in _SIGNED or is_secret(match["name"], match["value"]):
            yield *match.span("value"), (match["value"],)
    for match in _ASSIGNED.finditer(text):
        yield from _assigned(match)


def _assigned(match: re.Match[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Literals that are given to a name, as far as together they are a secret."""
    pieces = list(_PIECE.finditer(match["value"]))
    inside = [_inside(piece[0]) for piece in pieces]
    plain = "".join(re.sub(r"\{[^{}]*\}", "", text) if "f" in p.lower() else text for p, text, _ in inside)
    name = match["name"].rpartition(".")[2]
    between = match[0][len(match["name"]) : match.start("value") - match.start()]
    listed = "," in between  # of two texts in a row the first may be a name
    if not is_secret(name, plain) or (listed and not (between[0] in "'\"" and _DRAWN.fullmatch(plain))):
        return
    for piece, (_, text, offset) in zip(pieces, inside, strict=True):
        start = match.start("value") + piece.start() + offset
        if text:
            yield start, start + len(text), tuple(dict.fromkeys([text, *_meant(piece[0]), plain]))


def _inside(literal: str) -> tuple[str, str, int]:
    """Prefix of a literal, what stands between its quotes, and where that begins."""
    prefix = re.match(r"\w*", literal)
    at = prefix.end() if prefix else 0
    width = 3 if literal[at : at + 3] in ("'''", '"""') else 1
    return literal[:at], literal[at + width : -width], at + width


def _meant(literal: str) -> list[str]:
    """What a literal stands for, of bytes as they are recorded."""
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return []
    return [value.hex()] if isinstance(value, bytes) else [value]


def _without(text: str, known: Collection[str]) -> str:
    """A text without known secrets; a short one only where it is all of it, or stands in quotes."""
    for secret in sorted(known, key=len, reverse=True):
        if text == secret:
            return MASK
        if len(secret) >= _LONG:
            text = text.replace(secret, MASK).replace(secret[:_SHOWN], MASK)
        else:
            for quote in "'\"":
                text = text.replace(f"{quote}{secret}{quote}", f"{quote}{MASK}{quote}")
    return text
