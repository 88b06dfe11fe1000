"""Training of the served network; the service never imports it, it imports analysis."""
