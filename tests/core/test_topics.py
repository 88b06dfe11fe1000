"""Topic names: what is made is read back, and nothing else is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Incorrect
from core.topics import ack_topic, chunk_topic, command_topic, device_of_chunk_topic

ID = UUID("0f1e2d3c-4b5a-4697-8877-66554433aabb")


@given(st.uuids())
def test_round_trip(device_id: UUID) -> None:
    assert device_of_chunk_topic(chunk_topic(device_id)) == device_id


def test_names() -> None:
    assert chunk_topic(ID) == f"ecg/v1/{ID}/chunk"
    assert ack_topic(ID) == f"ecg/v1/{ID}/ack"
    assert command_topic(ID) == f"ecg/v1/{ID}/command"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        ack_topic(ID),
        chunk_topic(ID).upper(),
        f"ecg/v1/{str(ID).upper()}/chunk",
        f"ecg/v1/{ID.hex}/chunk",
        f"/{chunk_topic(ID)}",
        f"{chunk_topic(ID)}/",
        f"{chunk_topic(ID)}\n",
        f"ecg/v2/{ID}/chunk",
        "ecg/v1/+/chunk",
        f"ecg/v1/{ID}{ID}/chunk",
    ],
)
def test_other_topics_are_refused(topic: str) -> None:
    with pytest.raises(Incorrect):
        device_of_chunk_topic(topic)
