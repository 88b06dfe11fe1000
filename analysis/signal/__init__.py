"""What is read off a signal: filters, R peaks, rate, quality, spectrum; pure."""
