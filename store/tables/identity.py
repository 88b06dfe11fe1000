"""How devices come to be trusted: codes that approve them, certificates that name them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from store.tables.base import metadata, time_column

# Of a device that waits: the code its operator was shown, and how often wrong ones were tried.
device_approval = Table(
    "device_approval",
    metadata,
    Column("device_id", ForeignKey("device.id"), primary_key=True),
    Column("code_sha256", LargeBinary, nullable=False),
    Column("tries", BigInteger, nullable=False, server_default="0"),
    time_column("expires_at"),
)

# Every certificate that our authority has signed; ``serial`` in hexadecimal.
device_certificate = Table(
    "device_certificate",
    metadata,
    Column("serial", Text, primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    time_column("issued_at"),
    time_column("expires_at"),
    time_column("revoked_at", nullable=True),
    Index(None, "device_id"),
)
