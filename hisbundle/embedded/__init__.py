"""The servers that a desk does not have: Postgres, its keeper, and a local TLS authority."""
