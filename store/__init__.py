"""The only folder that knows SQL: tables, transactions, and queries by subject."""
