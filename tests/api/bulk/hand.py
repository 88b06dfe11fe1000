"""A worker in a process of its own, to be killed."""

import asyncio
import sys

from api.bulk.worker import BulkWorker
from store.database import Database

LINES = 5

if __name__ == "__main__":
    worker = BulkWorker(Database(sys.argv[1]), life_s=60, lines=LINES)
    asyncio.run(worker.run(asyncio.Event()))
