"""Tables of SQL databases, read through SQLAlchemy."""
