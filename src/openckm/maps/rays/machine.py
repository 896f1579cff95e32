"""The machine code of the rays: LLVM's text, which was made of their Python text, is built in a moment.

`launch`, `eaves`, `roof_edges` and `cut` are loops over cells, of which Python would take minutes.
`packaging/ray_code.py` has numba compile them for any processor and writes what it makes of them into
`assets/code/rays.ll`; llvmlite makes machine code of that in a third of a second, in memory, so that no first call
waits for a compiler, and nothing is kept on the disk. Where llvmlite is not there, no rays are launched.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes.util import find_library
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np

from openckm.maps.rays import eaves, kernel, pieces

SIGNATURES = {
    "launch": "f2 s3 d2 d2 d d d d d i i i i i d2 d2 d2 d1 f2 d d d2 d3 d2 -> v",
    "eaves": "f2 d2 d d d d d d i i d2 d f2 d d d3 -> v",
    "roof_edges": "f2 d d d d d d i i f2 d1 d2 d2 -> v",
    "cut": "d2 i i1 i2 -> i",
}
"""Arguments and result of each function: d = float64, f = float32, i = int64, s = int32 and v = nothing, and
how many axes."""
KINDS: dict[str, Any] = {"d": np.float64, "f": np.float32, "i": np.int64, "s": np.int32}
_SCALARS: dict[str, Any] = {"d": ctypes.c_double, "i": ctypes.c_int64}
_MATHS = ("atan", "atan2", "asin", "hypot", "pow", "log10", "sin", "cos", "sqrt", "exp")


def can_launch() -> bool:
    """Say whether rays can be launched here: whether llvmlite is installed."""
    return find_spec("llvmlite") is not None


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of SIGNATURES: machine code, or Python where llvmlite is not there."""
    return machine_code() if can_launch() else python_code()


def python_code() -> dict[str, Callable[..., Any]]:
    """Return the functions of SIGNATURES as the Python that they are written in."""
    return {"launch": kernel.launch, "eaves": eaves.eaves, "roof_edges": kernel.roof_edges, "cut": pieces.cut}


@lru_cache(maxsize=1)
def machine_code() -> dict[str, Callable[..., Any]]:
    """Return the functions of SIGNATURES as machine code, built once a process."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly((files("openckm.assets") / "code" / "rays.ll").read_text())
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2, jit=True
    )
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    maths = ctypes.CDLL(find_library("m") or find_library("msvcrt"))
    for name in _MATHS:
        if not llvm.address_of_symbol(name):
            llvm.add_symbol(name, ctypes.cast(getattr(maths, name), ctypes.c_void_p).value)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return {name: _Function(name, engine) for name in SIGNATURES}


class _Function:
    """A function of numba's, called with its arrays taken apart.

    Args:
        name: the name of the function.
        engine: the engine that holds the code; it is kept as long as the function.
    """

    def __init__(self, name: str, engine: Any) -> None:
        arguments, result = SIGNATURES[name].split(" -> ")
        self.name, self.kinds, self.result, self.engine = name, arguments.split(), result, engine
        flat: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]  # where the result goes, and what was raised
        for kind in self.kinds:
            axes = int(kind[1:] or 0)
            array = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
            flat += [*array, *[ctypes.c_int64] * (2 * axes)] if axes else [_SCALARS[kind]]
        self.call = ctypes.CFUNCTYPE(ctypes.c_int32, *flat)(engine.get_function_address(f"rays_{name}"))

    def __call__(self, *given: Any) -> Any:
        """Call with arrays and numbers as SIGNATURES says; arrays are C-contiguous and may be written."""
        if len(given) != len(self.kinds):
            raise TypeError(f"{self.name}: {len(given)} arguments, wanted {len(self.kinds)}")
        flat: list[Any] = []
        for value, kind in zip(given, self.kinds, strict=True):
            axes = int(kind[1:] or 0)
            if not axes:
                flat.append(float(value) if kind == "d" else int(value))
                continue
            if value.dtype != KINDS[kind[0]] or value.ndim != axes or not value.flags.c_contiguous:
                raise TypeError(f"{self.name}: an array of {value.dtype} with shape {value.shape}, wanted {kind}")
            flat += [None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]
        result, raised = ctypes.c_int64(), ctypes.c_void_p()
        if self.call(ctypes.addressof(result), ctypes.addressof(raised), *flat):
            raise RuntimeError(f"{self.name}: the machine code of the rays failed")
        return result.value if self.result == "i" else None
