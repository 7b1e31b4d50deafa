"""The grammar of filters: a column, an operator, a value."""
