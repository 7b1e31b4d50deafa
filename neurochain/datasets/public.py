"""Public: what a site may say of secrets and of people's folders."""

import re
import textwrap

from neurochain.datasets.secrets import MASK, is_secret, masked

__all__ = ["paragraphs", "public"]

HOMES = re.compile(r"(?:file://)?(?:[A-Za-z]:)?[/\\](?:home|Users)[/\\][^/\\\s'\",;:)\]]+")
NAMED = re.compile(r"([\w.-]+)(\s?[=:]\s?)([^\s'\",;&]{3,})")  # as drivers say it of a connection: password=…
ITEM = re.compile(r"\s*(?:[-*•]|\d+[.)])\s")
LONGEST = 2_000  # characters of an error, which may hold whole pages of a server


def public(text: object) -> str:
    """A text without secrets, whose paths do not lead into a person's folder.

    Examples
    --------
    >>> public("s3://key:3xamPle9secret0@bucket and /home/ada/spikes")
    's3://***@bucket and ~/spikes'
    >>> public("connection to host=db password=hunter2 failed")
    'connection to host=db password=*** failed'
    """
    plain = NAMED.sub(lambda m: f"{m[1]}{m[2]}{MASK}" if is_secret(m[1], m[3]) else m[0], masked(str(text)))
    return HOMES.sub("~", plain)


def shortened(text: str, most: int = LONGEST) -> str:
    """The beginning of a text that is longer."""
    return text if len(text) <= most else f"{text[:most].rstrip()} …"


def paragraphs(text: str) -> list[str]:
    r"""Paragraphs of a description: a blank line parts them, lines are joined but those that begin an item of a list.

    Examples
    --------
    >>> paragraphs("Binned spikes,\nnormalised.\n\nColumns:\n- ts\n- value")
    ['Binned spikes, normalised.', 'Columns:\n- ts\n- value']
    """
    found = []
    for part in re.split(r"\n\s*\n", textwrap.dedent(text.expandtabs(4)).strip()):
        lines: list[str] = []
        for line in filter(None, map(str.strip, part.splitlines())):
            if lines and not ITEM.match(line):
                lines[-1] += f" {line}"
            else:
                lines.append(line)
        if lines:
            found.append(public("\n".join(lines)))
    return found
