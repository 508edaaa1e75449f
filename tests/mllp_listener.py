"""An MLLP listener in a process of its own, which misbehaves as it is told; it knows nothing of Leukowatch.

python mllp_listener.py PORT LOG [MANNER...]: each message is met with the next manner, those that come after with AA.
Every message that is whole is written to LOG first, a JSON line with `control_id`, `manner` and `message`.
"""

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START, END = b"\x0b", b"\x1c\r"


def messages(connection: socket.socket) -> Iterator[bytes]:
    """Give each framed message of a connection."""
    buffer = b""
    while chunk := connection.recv(65536):
        buffer += chunk
        while END in buffer:
            block, _, buffer = buffer.partition(END)
            yield block.removeprefix(START)


def reply(code: str, control_id: str) -> bytes:
    """Write an acknowledgement."""
    head = rf"MSH|^~\&|LIS||LEUKOWATCH||20310504120000||ACK^R01^ACK|A{control_id}|P|2.5.1"
    return START + f"{head}\rMSA|{code}|{control_id}|told {code}\r".encode() + END


def answer(connection: socket.socket, manner: str, control_id: str) -> None:
    """Meet one message; a connection that is not answered is closed by the caller."""
    match manner:
        case "drop":
            return
        case "half":
            connection.sendall(reply("AA", control_id)[:20])
        case "nonsense":
            connection.sendall(START + b"HTTP/1.1 400 Bad Request\r" + END)
        case "other":
            connection.sendall(reply("AA", "another"))
        case "hang":
            time.sleep(3600)
        case "late":
            time.sleep(0.5)
            connection.sendall(reply("AA", control_id))
        case "slow":
            for byte in reply("AA", control_id):
                connection.sendall(bytes([byte]))
                time.sleep(0.001)
        case code:
            connection.sendall(reply(code, control_id))


def main() -> None:
    """Listen until killed."""
    port, log, *manners = sys.argv[1:]
    with socket.create_server(("127.0.0.1", int(port))) as server:
        print(server.getsockname()[1], flush=True)  # noqa: T201  who started it waits for this
        while True:
            connection, _ = server.accept()
            with connection:
                for message in messages(connection):
                    control_id = message.split(b"\r")[0].split(b"|")[9].decode()
                    manner = manners.pop(0) if manners else "AA"
                    line = {"control_id": control_id, "manner": manner, "message": message.decode()}
                    with Path(log).open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
                    answer(connection, manner, control_id)
                    if manner in {"drop", "half"}:
                        break


if __name__ == "__main__":
    main()
