import numpy as np
import pytest

from model.parameters import read_parameters
from model.splits import ALL_RECORDS, DS1, DS2, PACED, random_split


def test_the_48_records_are_two_sets_of_22_and_four_paced() -> None:
    assert (len(DS1), len(DS2), len(PACED)) == (22, 22, 4)
    assert len(set(ALL_RECORDS)) == 48


def test_the_validation_patients_are_of_ds1() -> None:
    assert set(read_parameters().validation_records) < set(DS1)


def test_a_random_split_takes_each_beat_once_and_keeps_the_share_of_abnormal() -> None:
    abnormal = np.random.default_rng(2).random(10_000) < 0.17
    parts = random_split(abnormal, 0.70, 0.15, seed=1)
    assert [len(part) for part in parts] == pytest.approx([7000, 1500, 1500], abs=2)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(10_000))
    for part in parts:
        assert abnormal[part].mean() == pytest.approx(abnormal.mean(), abs=1e-3)


def test_a_random_split_is_repeatable() -> None:
    abnormal = np.arange(100) % 3 == 0
    first, again = (random_split(abnormal, 0.7, 0.15, seed=4)[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, random_split(abnormal, 0.7, 0.15, seed=5)[0])
