"""Steps: the relational nodes of a plan."""
