"""The browser view: a local server that shows datasets down to the scans they came from.

It listens on this machine alone, to whoever has the token that it prints, and reads nothing that no version lists.
"""
