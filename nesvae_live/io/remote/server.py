"""The local control socket: one JSON line a command, one JSON line an answer.

What runs beside us steers through it, on the same inbox as the controllers. Only the same user may
open it: it is a socket in the file system with mode 0600, or, where a system has none, a loopback
port whose number and secret are in a file at the same place.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import stat
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

import msgspec
import platformdirs

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import Time
from nesvae_live.io.remote.commands import parse_command

LONGEST_LINE = 64 * 1024
"""Bytes of a command or an answer, with its newline."""

MOST_CLIENTS = 32
REPLY_SECONDS = 2.0
"""The engine answers within this, or we answer for it."""

CLIENT_SECONDS = 5.0
"""How long a client of ours waits, and how long we wait for one that doesn't read."""

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


class ControlError(NesvaeError):
    """The control socket can't be opened or reached; the message is one line for a person."""


class _Place(msgspec.Struct):
    """What the file says where there are no sockets in the file system."""

    port: int
    token: str


def default_path() -> Path:
    """Where the control socket is unless it is said otherwise: in a folder of the user's own."""
    with warnings.catch_warnings():  # without XDG_RUNTIME_DIR its fallback is private as well
        warnings.simplefilter("ignore")
        folder = platformdirs.user_runtime_dir("nesvae_live", appauthor=False)
    return Path(folder) / "control"


class ControlServer:
    """Listens on the control socket and puts commands on the inbox; each client has a thread.

    `path` is the socket's (None: `default_path`); `unix` False takes a loopback port instead.
    """

    def __init__(
        self,
        inbox: SimpleQueue[Any],
        time: Time,
        path: Path | None = None,
        *,
        unix: bool = HAS_UNIX_SOCKETS,
    ) -> None:
        self.path = default_path() if path is None else path
        self._ours = path is None
        self._inbox = inbox
        self._time = time
        self._unix = unix
        self._token: bytes | None = None
        self._listener: socket.socket | None = None
        self._file: tuple[int, ...] = ()
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    def open(self) -> None:
        """Listen.

        Raises:
            ControlError: another instrument listens there, or the place can't be used.
        """
        try:
            _make_folder(self.path.parent, private=self._ours)
            _clear(self.path)
            self._listener = self._listen_unix() if self._unix else self._listen_loopback()
            self._file = _identity(self.path)
        except OSError as error:
            raise ControlError(
                f"no control socket at {self.path}: {error.strerror or error}"
            ) from None
        self._thread.start()

    def close(self) -> None:
        """Hang up on everyone and take the socket away; harmless when it isn't open."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            if self._file == _identity(self.path):  # and not a successor's
                self.path.unlink()
        _hang_up(listener)
        self._thread.join(timeout=REPLY_SECONDS)
        with self._lock:
            clients = tuple(self._clients)
        for client in clients:
            _hang_up(client)

    def _listen_unix(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(os.fspath(self.path))
            self.path.chmod(0o600)  # before anyone can connect
            listener.listen()
        except BaseException:
            listener.close()
            raise
        return listener

    def _listen_loopback(self) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 0))
        try:
            token = secrets.token_hex(32)
            self._token = token.encode()
            place = msgspec.json.encode(_Place(listener.getsockname()[1], token))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            descriptor = os.open(self.path, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(place)
        except BaseException:
            listener.close()
            raise
        return listener

    def _accept(self) -> None:
        listener = self._listener
        while listener is not None and self._listener is listener:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            with self._lock:
                self._clients.add(client)
                welcome = len(self._clients) <= MOST_CLIENTS
            threading.Thread(
                target=self._serve, args=(client, welcome), name="control client", daemon=True
            ).start()

    def _serve(self, client: socket.socket, welcome: bool) -> None:
        """Answer a client until it hangs up; whatever it sends, only it is told."""
        try:
            with contextlib.suppress(OSError, ValueError), client.makefile("rb") as lines:
                if not welcome:
                    client.settimeout(REPLY_SECONDS)
                if self._token is not None and not self._knows_token(lines):
                    _send(client, {"ok": False, "error": "the token is wrong"})
                elif welcome:
                    self._converse(client, lines)
                else:
                    lines.readline(LONGEST_LINE)
                    _send(client, {"ok": False, "error": "too many clients"})
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()

    def _knows_token(self, lines: BinaryIO) -> bool:
        assert self._token is not None  # asked by the caller
        return hmac.compare_digest(lines.readline(LONGEST_LINE).rstrip(b"\r\n"), self._token)

    def _converse(self, client: socket.socket, lines: BinaryIO) -> None:
        while line := lines.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                error = f"a line is longer than {LONGEST_LINE} bytes"
                _send(client, {"ok": False, "error": error})
                return
            if line.strip():
                _send(client, self._carry_out(line))

    def _carry_out(self, line: bytes) -> Mapping[str, Any]:
        answers: SimpleQueue[Mapping[str, Any]] = SimpleQueue()
        try:
            self._inbox.put(parse_command(line, self._time.now(), answers.put))
            return answers.get(timeout=REPLY_SECONDS)
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        except Empty:
            return {"ok": False, "error": f"no answer within {REPLY_SECONDS:.0f} s"}


def send_command(command: Mapping[str, Any], path: Path | None = None) -> dict[str, Any]:
    """Send a command to the instrument that plays; its answer.

    Raises:
        ControlError: none plays there, or it doesn't answer.
    """
    place = default_path() if path is None else path
    try:
        with _connect(place) as client, client.makefile("rb") as lines:
            client.sendall(msgspec.json.encode(command) + b"\n")
            line = lines.readline()
            if not line:
                raise ControlError(f"nesvae-live at {place} hung up without an answer")
            answer: dict[str, Any] = msgspec.json.decode(line)
            return answer
    except TimeoutError:
        raise ControlError(f"nesvae-live at {place} does not answer") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise ControlError(f"nothing plays here (no control socket at {place})") from None
    except (OSError, msgspec.DecodeError) as error:
        raise ControlError(f"the control socket {place} can't be used: {error}") from None


def _connect(path: Path) -> socket.socket:
    """A connection to the server at `path`, of either kind.

    Raises:
        OSError, msgspec.DecodeError: there is none.
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
    place = msgspec.json.decode(path.read_bytes(), type=_Place)
    client = socket.create_connection(("127.0.0.1", place.port), CLIENT_SECONDS)
    client.sendall(place.token.encode() + b"\n")
    return client


def _make_folder(folder: Path, *, private: bool) -> None:
    """Make the socket's folder, which nobody else may enter; our own is checked if it is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if private and hasattr(os, "geteuid"):
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
            raise ControlError(f"{folder} belongs to somebody else: no control socket there")
        folder.chmod(0o700)


def _clear(path: Path) -> None:
    """Take away what an instrument that died has left at `path`, and nothing else."""
    try:
        with _connect(path) as client:
            alive = client.family != socket.AF_INET or _speaks(client)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        alive = False
    except msgspec.DecodeError:
        raise ControlError(f"{path} is in the way: it is no control socket") from None
    if alive:
        raise ControlError(f"another nesvae-live plays already (control socket {path})")
    path.unlink()


def _speaks(client: socket.socket) -> bool:
    """Whether it is an instrument that has the loopback port, and not who got its number next."""
    try:
        with client.makefile("rb") as lines:
            client.sendall(b'{"do": "status"}\n')
            return b'"ok"' in lines.readline(LONGEST_LINE)
    except TimeoutError:
        return True  # it may be busy: better none than to take another's place
    except OSError:
        return False


def _identity(path: Path) -> tuple[int, ...]:
    """What tells a file from another that takes its name, and maybe its number, later."""
    there = path.lstat()
    return there.st_dev, there.st_ino, there.st_ctime_ns


def _answer(answer: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(answer) + b"\n"
    except TypeError as error:
        return msgspec.json.encode({"ok": False, "error": f"no JSON: {error}"}) + b"\n"


def _send(client: socket.socket, answer: Mapping[str, Any]) -> None:
    client.settimeout(CLIENT_SECONDS)
    client.sendall(_answer(answer))
    client.settimeout(None)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
