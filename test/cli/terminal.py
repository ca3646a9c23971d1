"""Runs a command on a terminal of so many columns; sends keys once it has drawn; prints it all."""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, sign, keys, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
seen = b""
waiting = True
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if not chunk:
        break
    seen += chunk
    if waiting and sign.encode() in seen:
        waiting = False
        os.write(terminal, keys.encode())
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
