"""What people and other programs take away: ECG paper and recording files. Pure."""
