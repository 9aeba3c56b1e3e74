"""A gateway that speaks TLS: a certificate that is changed on disk is shown from the next handshake on."""

import asyncio
import os
import shutil
import signal
import ssl
from pathlib import Path

import pytest
import websockets

from crossbook.plumbing.errors import SettingsError
from tests.support.gateway.running import gateway
from tests.support.servers.tls import FOLDER
from tests.support.waiting import eventually


async def test_a_certificate_is_read_again_and_streams_live_on(tmp_path: Path) -> None:
    """On SIGHUP; a socket that is open stays open, and a file that is no certificate changes nothing."""
    pem = tmp_path / "server.pem"
    shutil.copy(FOLDER / "known.pem", pem)
    async with gateway(certificate_file=pem, key_file=pem) as running:
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        url = running.socket_url.replace("ws://", "wss://")
        async with websockets.connect(url, ssl=anybody, subprotocols=["crossbook.v1"], proxy=None) as socket:  # type: ignore[list-item]
            await socket.recv()
            before = await _certificate(running.http_port)
            shutil.copy(FOLDER / "stranger.pem", pem)
            os.kill(os.getpid(), signal.SIGHUP)
            await eventually(lambda: _differs(running.http_port, before))
            now = await _certificate(running.http_port)
            pem.write_text("no certificate")
            os.kill(os.getpid(), signal.SIGHUP)
            await socket.recv()
            assert await _certificate(running.http_port) == now
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError, ValueError)):
            await asyncio.open_connection("127.0.0.1", running.http_port, ssl=old)


async def test_a_certificate_that_does_not_read_is_a_wrong_setting(tmp_path: Path) -> None:
    """Named at the start; so is a half of two."""
    (tmp_path / "x.pem").write_text("no certificate")
    for own in (
        {"certificate_file": tmp_path / "x.pem", "key_file": tmp_path / "x.pem"},
        {"key_file": tmp_path / "x.pem"},
    ):
        with pytest.raises(SettingsError, match=r"gateway\.certificate_file"):
            async with gateway(**own):
                pass


async def _certificate(port: int) -> str:
    return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))


async def _differs(port: int, before: str) -> bool:
    return await _certificate(port) != before
