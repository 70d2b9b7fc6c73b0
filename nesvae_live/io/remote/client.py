"""The client's side of the control socket: where it is, how to connect to it, and one command.

It loads neither the inputs nor numpy, so that `nesvae-live ctl` starts quickly.
"""

from __future__ import annotations

import os
import socket
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from nesvae_live import NesvaeError

CLIENT_SECONDS = 5.0
"""How long either side waits for the other to read or to answer."""


class ControlError(NesvaeError):
    """The control socket can't be opened or reached; the message is one line for a person."""


class Endpoint(msgspec.Struct):
    """The loopback port and its secret, as the file at the socket's path has them."""

    port: int
    token: str


def default_path() -> Path:
    """Where the control socket is unless a path is given: in a folder of the user's own."""
    with warnings.catch_warnings():  # without XDG_RUNTIME_DIR it falls back to a private folder
        warnings.simplefilter("ignore")
        folder = platformdirs.user_runtime_dir("nesvae_live", appauthor=False)
    return Path(folder) / "control"


def send_command(command: Mapping[str, Any], path: Path | None = None) -> dict[str, Any]:
    """Send a command to the instrument that is playing; returns its answer.

    Raises:
        ControlError: none is playing there, or it doesn't answer.
    """
    path = default_path() if path is None else path
    try:
        with connect(path) as client, client.makefile("rb") as lines:
            client.sendall(msgspec.json.encode(command) + b"\n")
            line = lines.readline()
            if not line:
                raise ControlError(f"nesvae-live at {path} closed the connection without an answer")
            answer: dict[str, Any] = msgspec.json.decode(line)
            return answer
    except TimeoutError:
        raise ControlError(f"nesvae-live at {path} does not answer") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise ControlError(
            f"nothing plays here (no control socket at {path}): start `nesvae-live play` first"
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise ControlError(f"the control socket {path} can't be used: {error}") from None


def connect(path: Path) -> socket.socket:
    """A connection to the server at `path`, through the file system or a loopback port.

    Raises:
        OSError, msgspec.DecodeError: there is no server.
    """
    mode = path.lstat().st_mode
    if stat.S_ISSOCK(mode):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(CLIENT_SECONDS)
        try:
            client.connect(os.fspath(path))
        except BaseException:
            client.close()
            raise
        return client
    endpoint = msgspec.json.decode(path.read_bytes(), type=Endpoint)
    client = socket.create_connection(("127.0.0.1", endpoint.port), CLIENT_SECONDS)
    client.sendall(endpoint.token.encode() + b"\n")
    return client
