"""The control socket: each line of JSON is a command, and each gets a line of JSON as its answer.

Other programs on this computer steer the instrument through it; their commands go into the same
inbox as the messages of controllers. Only the same user may open it: it is a socket in the file
system with mode 0600, or, where a system has none, a loopback port whose number and secret are in a
file at the same path.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

import msgspec

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.remote.asides import NOBODY, Aside, Desk, StorePhrase
from nesvae_live.io.remote.client import (
    CLIENT_SECONDS,
    ControlError,
    Endpoint,
    connect,
    default_path,
)
from nesvae_live.io.remote.commands import Watch, decode_command

LONGEST_LINE = 64 * 1024
"""The most bytes of a command, with its newline."""

MOST_CLIENTS = 32
REPLY_SECONDS = 2.0
"""How long the engine may take to answer; after that, the answer says that there was none."""

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")


Look = Callable[[int, bool], Mapping[str, Any]]
"""How everything stands, and what was played from an event on. Any thread may ask."""


def nobody_to_look_at(_after: int, _snapshots: bool) -> Mapping[str, Any]:
    """For a server whose instrument shows nothing."""
    return {}


class ControlServer:
    """Listens on the control socket and puts commands into the inbox; each client has a thread.

    `path` is the path of the socket (None: `default_path`); without `unix` it is a loopback port.
    `look(after, snapshots)` answers who watches, in the client's thread, `desk` what else is asked
    beside the music.
    """

    def __init__(
        self,
        inbox: SimpleQueue[Any],
        time: Time,
        path: Path | None = None,
        look: Look = nobody_to_look_at,
        desk: Desk = NOBODY,
        *,
        unix: bool = HAS_UNIX_SOCKETS,
    ) -> None:
        self.path = default_path() if path is None else path
        self._ours = path is None
        self._inbox = inbox
        self._time = time
        self._unix = unix
        self._look = look
        self._desk = desk
        self._token: bytes | None = None
        self._listener: socket.socket | None = None
        self._file: tuple[int, ...] = ()
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    def open(self) -> None:
        """Listen.

        Raises:
            ControlError: another instrument listens there, or the path can't be used.
        """
        try:
            _make_folder(self.path.parent, private=self._ours)
            _clear(self.path)
            self._listener = self._listen_unix() if self._unix else self._listen_loopback()
            self._file = _identity(self.path)
        except OSError as error:
            raise ControlError(
                f"no control socket at {self.path}: {error.strerror or error}; "
                "name another place with --control PATH"
            ) from None
        self._thread.start()

    def close(self) -> None:
        """Disconnect every client and remove the socket; harmless when it isn't open."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            if self._file == _identity(self.path):  # a successor's socket stays
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
            endpoint = msgspec.json.encode(Endpoint(listener.getsockname()[1], token))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            descriptor = os.open(self.path, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(endpoint)
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
        """Answer a client until it disconnects; whatever it sends, nobody else notices."""
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
        assert self._token is not None  # the caller checked it
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
            command = decode_command(line)
            if isinstance(command, Watch):
                return {"ok": True, **self._look(command.after, command.snapshots)}
            if isinstance(command, Aside):
                return {"ok": True, **command.answer(self._desk)}
            if isinstance(command, StorePhrase):
                command = command.found(self._desk)
            command = command.named(self._desk.snapshots())
            self._inbox.put(command.to_input(self._time.now(), answers.put))
            answer = answers.get(timeout=REPLY_SECONDS)
            if not answer.get("ok"):
                return answer
            if command.changes_snapshots:
                self._desk.keep()
            return {**answer, **command.says()}
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        except Empty:
            return {"ok": False, "error": f"no answer within {REPLY_SECONDS:.0f} s"}


def _make_folder(folder: Path, *, private: bool) -> None:
    """Make the socket's folder, which nobody else may enter; the default one is checked as well."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if private and hasattr(os, "geteuid"):
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
            raise ControlError(
                f"{folder} belongs to another user: no control socket is opened there"
            )
        folder.chmod(0o700)


def refuse_a_second(path: Path | None = None) -> None:
    """Find out before anything is opened whether an instrument has the socket (None: `default_path`).

    Raises:
        ControlError: one has.
    """
    with contextlib.suppress(OSError, msgspec.DecodeError):  # told when it is opened
        _refuse_if_alive(default_path() if path is None else path)


def _clear(path: Path) -> None:
    """Remove the socket that a dead instrument has left at `path`, and nothing else."""
    try:
        _refuse_if_alive(path)
    except FileNotFoundError:
        return
    except msgspec.DecodeError:
        raise ControlError(f"{path} is in the way: it isn't a control socket") from None
    path.unlink()


def _refuse_if_alive(path: Path) -> None:
    try:
        with connect(path) as client:
            alive = client.family != socket.AF_INET or _speaks(client)
    except ConnectionRefusedError:
        alive = False
    if alive:
        raise ControlError(
            f"another nesvae-live is playing already (control socket {path}): `nesvae-live ctl stop` "
            "ends it; a second one beside it needs a socket of its own, --control PATH"
        )


def _speaks(client: socket.socket) -> bool:
    """Whether an instrument has the loopback port, and not another program that got it later."""
    try:
        with client.makefile("rb") as lines:
            client.sendall(b'{"do": "status"}\n')
            return b'"ok"' in lines.readline(LONGEST_LINE)
    except TimeoutError:
        return True  # it may be busy, and its socket must not be taken from it
    except OSError:
        return False


def _identity(path: Path) -> tuple[int, ...]:
    """What tells a file from a later one with the same name, and maybe the same inode."""
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
