"""FHIR R4: this hospital's resources, beside the library's models.

This folder shares the import name ``fhir`` with the library fhir.resources. The
line below lets both live under it: ``fhir.mapping.observation`` is ours,
``fhir.resources.R4B.observation`` is the library's (only ``fhir.r4b`` imports it).
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
