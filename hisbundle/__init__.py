"""Composition root: the service, its embedded servers, and the command line."""
