#!/usr/bin/env python3
"""Loads pickles, one in base64 per line, with a loader that forbids every global, and prints their canonical JSON."""
import base64
import io
import pickle
import sys

import canonical


class Plain(pickle.Unpickler):
    # What plain values need where the protocol has no opcode for them.
    ALLOWED = {('_codecs', 'encode'), ('builtins', 'bytes'), ('builtins', 'bytearray'), ('builtins', 'set'),
               ('builtins', 'frozenset')}

    def find_class(self, module, name):
        # Below protocol 3 the writer may use Python 2's name of the module.
        module = 'builtins' if module == '__builtin__' and PROTOCOL < 3 else module
        if PROTOCOL < 5 and (module, name) in self.ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError('%s.%s is not plain data' % (module, name))


sys.setrecursionlimit(20000)
PROTOCOL = int(sys.argv[1])
for line in sys.stdin:
    data = io.BytesIO(base64.b64decode(line))
    value = Plain(data).load()
    assert not data.read(), 'bytes after STOP'
    print(canonical.dumps(value))
