#!/usr/bin/env python3
"""Loads pickles with a loader that forbids every name, and pickles the values again.

    python3 roundtrip.py PROTOCOL <pickles

One pickle in base64 per line; each line of the answer is the new pickle in base64, a blank, and the canonical JSON.
"""
import base64
import io
import pickle
import sys

import canonical


class Plain(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError('%s.%s is not plain data' % (module, name))


sys.setrecursionlimit(20000)
PROTOCOL = int(sys.argv[1])
for line in sys.stdin:
    data = io.BytesIO(base64.b64decode(line))
    value = Plain(data).load()
    assert not data.read(), 'bytes after STOP'
    print(base64.b64encode(pickle.dumps(value, PROTOCOL)).decode(), canonical.dumps(value))
