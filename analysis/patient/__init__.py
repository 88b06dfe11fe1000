"""What is usual for one patient: beats seen before, by shape and by time, in bounded memory."""
