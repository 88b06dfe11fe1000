"""Who is trained on and who is tested on.

The inter-patient split is that of de Chazal 2004 (doi:10.1109/TBME.2004.827359), without the
four paced records; the random split is that of the published heartbeat data set's users.
"""

import numpy as np
import numpy.typing as npt

# fmt: off
DS1 = (
    "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122",
    "124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230",
)
DS2 = (
    "100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210",
    "212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234",
)
# fmt: on
PACED = ("102", "104", "107", "217")
ALL_RECORDS = tuple(sorted(DS1 + DS2 + PACED))

Indices = npt.NDArray[np.intp]


def random_split(
    abnormal: npt.NDArray[np.bool_], train_share: float, validation_share: float, seed: int
) -> tuple[Indices, Indices, Indices]:
    """Indices of the training, validation and test part, each with the same share abnormal.

    Beats of one patient fall into all three parts: what is measured on it flatters a model.
    """
    parts: list[list[Indices]] = [[], [], []]
    generator = np.random.default_rng(seed)
    for label in (False, True):
        shuffled = generator.permutation(np.flatnonzero(abnormal == label))
        borders = np.round(np.cumsum([train_share, validation_share]) * len(shuffled)).astype(int)
        for part, indices in zip(parts, np.split(shuffled, borders), strict=True):
            part.append(indices)
    train, validation, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, validation, test
