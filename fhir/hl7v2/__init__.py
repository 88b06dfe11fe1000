"""HL7 v2.5.1 results for hospitals that take nothing else; pure.

http://www.hl7.eu/HL7v2x/v251/std251/ch07.html (unsolicited observation message, ORU^R01).
"""
