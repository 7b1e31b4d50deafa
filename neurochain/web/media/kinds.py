"""Kinds: what a channel holds, as far as its label tells."""

__all__ = ["kind_of"]


def kind_of(label: str, unit: str) -> str:
    """What a channel holds; empty where its label does not tell.

    Examples
    --------
    >>> kind_of("EOG left", "uV"), kind_of("Cz", "uV")
    ('eog', '')
    """
    words = "".join(c if c.isalnum() else " " for c in label.lower()).split()
    for word in words:
        for kind in ("eeg", "eog", "ecg", "emg", "meg", "lfp"):
            if word.startswith(kind):
                return kind
        if word in ("ekg",):
            return "ecg"
        if word.startswith(("resp", "status", "trig", "stim", "sync", "sti")):
            return "resp" if word.startswith("resp") else "stim"
    return ""
