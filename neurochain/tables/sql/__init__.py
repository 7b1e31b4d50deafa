"""SQL over the tables of a catalog and the datasets of a project, in this process."""
