"""Tables declared in code: a catalog, without a catalog server.

A module that holds tables is a database, a mapping of databases is a catalog. Tables give Polars LazyFrames and begin chains; the
same declarations give a site, SQL and REST.
"""
