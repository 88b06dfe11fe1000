"""No skew: the network is trained on the very tensors that it is served."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analysis.beats import BEAT_RATE_HZ
from analysis.session.pipeline import SessionPipeline
from analysis.session.verdicts import Model
from core.chunk import SAMPLES_PER_CHUNK, ChunkBody, ChunkFlag
from model.dataset import Recording, read_recording, served_beats, served_rows
from tests.model.synthetic import write_record

NV_PER_LSB = 1000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A minute of ECG in whole microvolts, as a device would send it."""
    folder = tmp_path_factory.mktemp("wfdb")
    write_record(folder, "902", 60, seed=5)
    clean = read_recording(folder / Path("902"))
    codes = np.rint(clean.signal_mv / (NV_PER_LSB * 1e-6))
    return Recording("902", codes * (NV_PER_LSB * 1e-6), clean.beat_at, clean.beat_class)


def served_crops(signal_mv: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The crops that the service would classify, the signal arriving in chunks."""
    pipeline = SessionPipeline(Model("any", 0.5))
    codes = np.rint(signal_mv / (NV_PER_LSB * 1e-6)).astype(np.int16)
    for seq in range(len(codes) // SAMPLES_PER_CHUNK):
        first = seq * SAMPLES_PER_CHUNK
        body = ChunkBody(
            t0_us=0,
            sample_index=first,
            rate_centihz=round(BEAT_RATE_HZ * 100),
            flags=ChunkFlag(0),
            n_valid=SAMPLES_PER_CHUNK,
            nv_per_lsb=NV_PER_LSB,
            samples=codes[first : first + SAMPLES_PER_CHUNK],
        )
        pipeline.push(seq, body, received_us=0)
    return pipeline.crops


def test_training_and_serving_cut_the_same_beats_to_the_last_bit(recording: Recording) -> None:
    served = served_crops(recording.signal_mv)
    trained = served_rows(recording).beats
    assert len(served) > 50
    np.testing.assert_array_equal(served, trained[: len(served)])
    crops = served_beats(recording).beats
    np.testing.assert_array_equal(served[:, : crops.shape[1]], crops[: len(served)])
