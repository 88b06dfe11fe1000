"""Observation/[id]/$spectrum: the power spectrum of an ECG strip, computed when it is asked for."""

import asyncio

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from analysis.signal.spectrum import SHORTEST_S, WINDOW_S, longest_run, power_density
from analysis.signal.zero_phase import SPEC, zero_phase
from api import answers
from api.disclosure import disclose
from api.grants import grant
from api.operations.given import nothing
from api.reads import current
from api.requests import read_params
from api.samples import Codes, millivolts
from api.site import site
from core.errors import Incorrect, NotFound
from fhir.access.scopes import Action
from fhir.mapping.spectrum import spectrum_observation
from fhir.values import Json
from store.resources import Document

METHOD = f"Welch's method, Hann windows of {WINDOW_S:g} s overlapping by half, after {SPEC}"


async def spectrum(request: Request) -> Response:
    """The spectrum of one strip. 404 where the Observation is none, or its signal is gone."""
    sight = grant(request, "Observation", Action.READ)
    pretty = read_params(request)
    await nothing(request)
    here = site(request)
    async with here.database.transaction() as tx:
        document = await current(tx, sight, request.path_params["id"])
        render = _rendered(document)
        try:
            samples, nv_per_lsb = await here.strips.samples(tx, render)
        except Incorrect:
            raise NotFound("the strip's signal can no longer be opened") from None
    disclose(request, [document])
    strip: Json = orjson.loads(document.body)
    rate_hz = 1000 / strip["component"][render["component"]]["valueSampledData"]["period"]
    made = await asyncio.to_thread(_made, strip, samples, nv_per_lsb, rate_hz)
    return answers.fhir(made, pretty=pretty)


def _rendered(document: Document) -> Json:
    if document.render is None:
        raise NotFound(f"Observation/{document.id} is no ECG strip of this service")
    return document.render


def _made(strip: Json, samples: Codes, nv_per_lsb: int, rate_hz: float) -> Json:
    filtered = zero_phase(millivolts(samples, nv_per_lsb), rate_hz)
    first, stop = longest_run(np.isfinite(filtered))
    if stop - first < SHORTEST_S * rate_hz:
        raise NotFound(f"no {SHORTEST_S:g} s of the strip are without a gap: it has no spectrum")
    hz, density = power_density(filtered[first:stop], rate_hz)
    return spectrum_observation(strip, hz, density, METHOD)
