"""What the findings of a session come to, as a Holter report tells it: pure, one pass, bounded.

A digest of strips merges with the digest of the strips after it; only the digest of the whole is
read out as figures. IEC 60601-2-47 and ANSI/AAMI EC38 name what such a report holds.
"""
