"""The PostgreSQL wire: what psql, psycopg and Grafana speak. https://www.postgresql.org/docs/current/protocol.html"""
