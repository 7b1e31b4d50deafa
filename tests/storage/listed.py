"""What a listing gives, in order and without what came twice."""

from neurochain.storage import Entry, Root, list_root


def files(root: Root, companions: tuple[str, ...] = ()) -> list[Entry]:
    """Files that were meant."""
    found = {e.path: e for e, matched in list_root(root, companions) if matched}
    return [found[path] for path in sorted(found)]


def beside(root: Root, companion: str) -> list[str]:
    """Paths of the companions in the same folders."""
    return sorted({e.path for e, _ in list_root(root, (companion,)) if e.path.endswith(companion)})
