"""Serving: the tables of a catalog by SQL, REST and GraphQL, through ROAPI behind doors of our own.

ROAPI (https://roapi.github.io/docs) reads the tables, and listens where nobody is meant to come. In front of it stand an HTTP gate, a
PostgreSQL wire and a FlightSQL door, which ask for the token, let only queries through that read, and give dates and times as what they are.
"""
