#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library from Python, by ctypes of the standard library alone.

usage: consumer.py LIBRARY MODEL < STRAINS
Reads and prints what consumer_c.c does.
"""
import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1])
library.understudy_error.restype = ctypes.c_char_p
library.understudy_describe.restype = ctypes.c_char_p
library.understudy_describe.argtypes = [ctypes.c_void_p]
library.understudy_load.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
doubles, integers = ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_int)
library.understudy_evaluate.argtypes = [
    ctypes.c_void_p, ctypes.c_int64, doubles, doubles, doubles, integers, doubles, doubles]
library.understudy_free.argtypes = [ctypes.c_void_p]


def require(code):
    """Ends with the sentence of the library unless all is well."""
    if code != 0:
        sys.exit(library.understudy_error().decode())


model = ctypes.c_void_p()
require(library.understudy_load(sys.argv[2].encode(), ctypes.byref(model)))
about = json.loads(library.understudy_describe(model))
assert [q["name"] for q in about["inputs"]] == ["Exx", "Eyy", "Gxy"], about

words = [float.fromhex(word) for word in sys.stdin.read().split()]
n = len(words) // 3
strain = (ctypes.c_double * (3 * n))(*words)
stress, tangent = (ctypes.c_double * (3 * n))(), (ctypes.c_double * (9 * n))()
health, estimate = (ctypes.c_int * n)(), (ctypes.c_double * n)()
require(library.understudy_evaluate(model, n, strain, stress, tangent, health, estimate, None))
for p in range(n):
    numbers = stress[3 * p:3 * p + 3] + tangent[9 * p:9 * p + 9]
    print(*(number.hex() for number in numbers), health[p], estimate[p].hex())
library.understudy_free(model)
