"""Resource types and how they are found: one declaration feeds router, index, SQL and /metadata."""
