"""Many clients in one process that ask a local server for one page, as fast as it answers."""

import selectors
import socket
import time


class Load:
    """So many clients, each with one request under way at a time.

    :param int port: on 127.0.0.1
    :param dict headers: of each request, beside ``Host``
    :param int status: what each answer must have
    """

    def __init__(self, port, path, headers=None, clients=4, status=200):
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.request = "\r\n".join([*lines, "", ""]).encode()
        self.address = ("127.0.0.1", port)
        self.clients = clients
        self.expected = str(status).encode()
        self.selector = selectors.DefaultSelector()
        self.answered = 0

    def rate(self, seconds):
        """:return: answers a second
        :raise SystemExit: at the first answer with another status
        """
        clients = [_Client(self) for _number in range(self.clients)]
        started = time.perf_counter()
        self.answered = 0
        until = started + seconds
        while time.perf_counter() < until:
            for key, _events in self.selector.select(1):
                key.data.receive()
        spent = time.perf_counter() - started
        for client in clients:
            client.close()
        return self.answered / spent


class _Client:
    def __init__(self, load):
        self.load = load
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(self.load.address, timeout=30)
        self.load.selector.register(self.socket, selectors.EVENT_READ, self)
        self.ask()

    def ask(self):
        self.answer = b""
        self.socket.sendall(self.load.request)

    def receive(self):
        data = self.socket.recv(1 << 18)
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not data and not end:
            # A server that keeps connections has closed this one between two requests.
            self.reconnect()
        elif end:
            self._look(head, body, closed=not data)

    def _look(self, head, body, closed):
        if head[9:12] != self.load.expected:
            raise SystemExit(f"an unexpected answer: {self.answer[:400].decode()}")
        lowered = head.lower()
        _before, found, rest = lowered.partition(b"content-length:")
        length = int(rest.split(b"\r\n", 1)[0]) if found else 0
        complete = len(body) >= length and (found or head[9:12] == b"304")
        if not complete and not closed:
            return
        self.load.answered += 1
        if closed or b"connection: close" in lowered or lowered.startswith(b"http/1.0"):
            self.reconnect()
        else:
            self.ask()

    def reconnect(self):
        self.close()
        self.connect()

    def close(self):
        self.load.selector.unregister(self.socket)
        self.socket.close()
