"""Who may see what: scopes, and the patients that a client is registered for."""
