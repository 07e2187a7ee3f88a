"""A service of buckets on a free port, whose address is printed. It ends when its standard input does, as when the test that reads it
has ended in whatever way."""

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
