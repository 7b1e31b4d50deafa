"""Notes: what a function reads that its hash cannot see, by qualified name."""

__all__ = ["note_for"]

_CLOCK = "the result may depend on the clock"
_CHANCE = "the result may depend on chance"
_ENVIRONMENT = "the environment is not part of the fingerprint"
_NETWORK = "what the network answers is not part of the fingerprint"
_PROCESS = "what another program does is not part of the fingerprint"
_FILES = "a file read outside File is not part of the fingerprint"
_TEXT = "code or names made while running are not part of the fingerprint"
_IDENTITY = "the result may differ between processes"

_EXACT = {
    "builtins.open": _FILES,
    "io.open": _FILES,
    "os.open": _FILES,
    "os.listdir": _FILES,
    "os.scandir": _FILES,
    "os.walk": _FILES,
    "builtins.input": "what a person types is not part of the fingerprint",
    "builtins.eval": _TEXT,
    "builtins.exec": _TEXT,
    "builtins.compile": _TEXT,
    "builtins.globals": _TEXT,
    "builtins.locals": _TEXT,
    "builtins.vars": _TEXT,
    "builtins.__import__": _TEXT,
    "importlib.import_module": _TEXT,
    "builtins.hash": _IDENTITY,
    "builtins.id": _IDENTITY,
    "os.getpid": _IDENTITY,
    "os.environ": _ENVIRONMENT,
    "os.environb": _ENVIRONMENT,
    "os.getenv": _ENVIRONMENT,
    "os.getcwd": _ENVIRONMENT,
    "sys.argv": _ENVIRONMENT,
    "sys.stdin": _ENVIRONMENT,
    "os.urandom": _CHANCE,
    "uuid.uuid1": _CHANCE,
    "uuid.uuid4": _CHANCE,
    "os.system": _PROCESS,
    "os.popen": _PROCESS,
    "neurochain.param": "ask for parameters at the top of the script: what they give here is not part of the fingerprint",
    "datetime.datetime.now": _CLOCK,
    "datetime.datetime.utcnow": _CLOCK,
    "datetime.datetime.today": _CLOCK,
    "datetime.date.today": _CLOCK,
}
_MODULES = {
    "time": _CLOCK,
    "random": _CHANCE,
    "secrets": _CHANCE,
    "numpy.random": _CHANCE,
    "subprocess": _PROCESS,
    "glob": _FILES,
    "socket": _NETWORK,
    "urllib.request": _NETWORK,
    "http.client": _NETWORK,
    "ftplib": _NETWORK,
    "smtplib": _NETWORK,
    "requests": _NETWORK,
    "httpx": _NETWORK,
    "aiohttp": _NETWORK,
    "urllib3": _NETWORK,
    "boto3": _NETWORK,
    "paramiko": _NETWORK,
}
_QUIET = {"time.sleep", "time.strptime", "time.strftime", "time.struct_time"}


def note_for(name: str) -> str | None:
    """Why using a thing is worth a note; None when it is not.

    Parameters
    ----------
    name : str
        Qualified name: ``"time.time"``, ``"numpy.random.default_rng"``, ``"builtins.open"``.
    """
    if name in _QUIET:
        return None
    # C modules have private names: posix.environ, _random.Random, numpy.random.mtrand.rand.
    name = name.replace("posix.", "os.", 1) if name.startswith("posix.") else name
    parts = name.lstrip("_").split(".")
    for length in range(1, len(parts) + 1):
        prefix = ".".join(parts[:length])
        reason = _MODULES.get(prefix) or _EXACT.get(prefix)
        if reason is not None:
            return f"uses {'.'.join(parts).removeprefix('builtins.')}: {reason}"
    if name.startswith("torch.rand"):
        return f"uses {name}: {_CHANCE}"
    return None
