"""Units in which quantities may be sent: UCUM codes that vital signs, devices and orders use.

What claims to be UCUM must be one of them, so that a typing error is not taken for a unit
(https://hl7.org/fhir/R4/valueset-ucum-vitals-common.html and what this service itself speaks). A
unit in words, or of another system, is kept as it is: a search compares its own spelling only.
"""

from fhir.codes import UCUM
from fhir.validation.invariant import has
from fhir.values import Json

KNOWN = frozenset(
    (
        # ratios, counts and rates
        "1", "%", "/min", "/h", "/d", "{beats}/min", "{breaths}/min", "{score}",
        # electricity and frequency
        "V", "mV", "uV", "nV", "mV2", "mA", "uA", "Ohm", "kOhm", "Hz", "kHz", "dB",
        # time
        "ms", "ms2", "s", "min", "h", "d", "wk", "mo", "a",
        # length, mass, temperature, pressure, volume, flow, energy
        "mm", "cm", "m", "km", "m2", "[in_i]", "[ft_i]",
        "ng", "ug", "mg", "g", "kg", "kg/m2", "[lb_av]", "[oz_av]",
        "Cel", "[degF]", "K", "mm[Hg]", "kPa", "cm[H2O]", "bar",
        "uL", "mL", "dL", "L", "mL/min", "mL/h", "L/min", "J", "kcal", "W",
        # laboratory
        "mg/dL", "mg/L", "ug/L", "ng/mL", "ng/L", "pg/mL", "g/dL", "g/L", "mmol/L", "umol/L",
        "nmol/L", "mol", "mmol", "10*3/uL", "10*9/L", "10*12/L", "U/L", "[IU]/L",
    )
)  # fmt: skip


def problem(quantity: Json) -> str | None:
    """What is wrong with a Quantity's unit; None if nothing is."""
    if quantity.get("system") != UCUM:
        return None
    if not has(quantity, "code"):
        return "needs a code beside UCUM's system"
    code = quantity["code"]
    return None if code in KNOWN else f"{code[:40]!r} is not a UCUM code that is known here"
