"""ECG on paper: 25 mm/s, 10 mm/mV; the same page as SVG and as PDF."""
