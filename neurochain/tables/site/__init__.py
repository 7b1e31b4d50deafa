"""The catalog site: static pages, made from a catalog's declarations and from what its storage tells.

`building` makes the folder, `serving` shows it on this machine. The pages need no server and no network: what they show lies in
scripts beside them, which browsers load from ``file://`` too.
"""
