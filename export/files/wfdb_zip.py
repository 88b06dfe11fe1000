"""Recording -> WFDB record (.hea, .dat, .atr) in a zip.

https://physionet.org/physiotools/wag/header-5.htm and signal-5.htm, format 16: little-endian
16-bit codes, in which -32768 means that there is no value, as in our own. The record names the
device and no person.
"""

import zipfile
from collections.abc import Iterator
from heapq import merge
from io import RawIOBase
from operator import itemgetter

import numpy as np

from export.files import mit
from export.recording import AUTOMATED, BeatClass, Recording, in_parts, little_endian

_MARKS = {
    BeatClass.NORMAL: (mit.NORMAL, b""),
    BeatClass.ABNORMAL: (mit.UNCLASSIFIABLE, b"abnormal"),
    BeatClass.UNCLASSIFIED: (mit.LEARNING, b""),
    BeatClass.SUPRAVENTRICULAR: (mit.SUPRAVENTRICULAR, b""),
    BeatClass.VENTRICULAR: (mit.VENTRICULAR, b""),
    BeatClass.FUSION: (mit.FUSION, b""),
    BeatClass.UNKNOWN: (mit.UNCLASSIFIABLE, b""),
}


class _Outbox(RawIOBase):
    """A file that cannot seek: what is written waits to be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, content: object) -> int:
        """Take bytes in; how many."""
        data = memoryview(content).cast("B")  # type: ignore[arg-type]  # any buffer
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        """What has been written since."""
        taken = bytes(self.waiting)
        self.waiting.clear()
        return taken


def wfdb_zip(recording: Recording) -> Iterator[bytes]:
    """The zip in parts; the samples are compressed on the way."""
    name = record_name(recording)
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_member(recording, f"{name}.hea"), header(recording))
        archive.writestr(_member(recording, f"{name}.atr"), mit.annotations(_marks(recording)))
        with archive.open(_member(recording, f"{name}.dat"), "w", force_zip64=True) as file:
            for part in in_parts(little_endian(recording.codes)):
                file.write(part)
                yield outbox.take()
    yield outbox.take()


def _member(recording: Recording, name: str) -> zipfile.ZipInfo:
    """A file as old as its signal: so the same recording makes the same bytes at any time."""
    at = recording.started_at
    # A zip tells no time before 1980.
    made = zipfile.ZipInfo(name, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, 0))
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def record_name(recording: Recording) -> str:
    """The record's name: letters, digits and underscores only."""
    return f"ecg_{recording.session_id.hex()}"


def header(recording: Recording) -> str:
    """The .hea file: rate, length and start (UTC), then the one signal."""
    name, codes = record_name(recording), recording.codes
    checksum = int(codes.sum(dtype=np.int64)) & 0xFFFF
    checksum -= 65536 if checksum >= 32768 else 0
    initial = int(codes[0]) if len(codes) else 0
    gain = repr(1 / recording.mv_per_lsb)
    return (
        f"{name} 1 {recording.rate_hz:g} {len(codes)} {recording.started_at:%H:%M:%S.%f %d/%m/%Y}\n"
        f"{name}.dat 16 {gain}(0)/mV 16 0 {initial} {checksum} 0 ECG\n"
        f"# Times are UTC. Device {recording.device_id}. Lead: electrode positions not known.\n"
        f"# {AUTOMATED}. N S V F Q: classes of ANSI/AAMI EC57.\n"
        "# Q with note: abnormal, no class told; ?: not classified. (NONE: no rhythm told.\n"
    )


def _marks(recording: Recording) -> Iterator[mit.Annotation]:
    """Beats and changes of rhythm in order of time, a change before its first beat."""
    found = zip(recording.beats.tolist(), recording.classes.tolist(), strict=True)
    beats = ((sample, *_MARKS[BeatClass(kind)]) for sample, kind in found)
    return merge(mit.rhythms(recording.rhythm), beats, key=itemgetter(0))
