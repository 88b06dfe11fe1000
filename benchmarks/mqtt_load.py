"""Devices that publish flat out over TLS; a child process of the benchmark ``endpoint``."""

import asyncio
import ssl
import time
from uuid import UUID

from benchmarks.child import Message, follow
from benchmarks.mqtt_client import MqttClient
from benchmarks.recorder import Recorder


class MqttLoad:
    """Orders: ``open`` the connections, ``seal`` so many chunks, ``send`` them."""

    def __init__(self) -> None:
        self._devices: list[tuple[Recorder, MqttClient]] = []
        self._ready: list[list[bytes]] = []

    async def obey(self, order: Message) -> Message:
        """Carry out one order."""
        if order["do"] == "open":
            return await self._open(order)
        if order["do"] == "seal":
            return self._seal(int(order["each"]))
        return await self._send()

    async def _open(self, order: Message) -> Message:
        context = ssl.create_default_context(cadata=order["ca_pem"])
        for told in order["devices"]:
            recorder = Recorder(
                UUID(told["id"]),
                bytes.fromhex(told["key"]),
                bytes.fromhex(told["session"]),
                told["password"],
                sealed=told["sealed"],
            )
            client = await MqttClient.open(order["port"], context, recorder.id, recorder.password)
            self._devices.append((recorder, client))
        return {}

    def _seal(self, each: int) -> Message:
        self._ready = [
            client.packets(recorder.noise(each), recorder.sealed)
            for recorder, client in self._devices
        ]
        return {}

    async def _send(self) -> Message:
        began, began_cpu = time.perf_counter(), time.process_time()
        pairs = zip(self._devices, self._ready, strict=True)
        await asyncio.gather(*(client.publish(packets) for (_, client), packets in pairs))
        return {
            "seconds": time.perf_counter() - began,
            "cpu_s": time.process_time() - began_cpu,
        }


if __name__ == "__main__":
    follow(MqttLoad().obey)
