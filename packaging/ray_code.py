"""Write the machine code of the rays, `assets/code/rays.ll`, out of their Python text.

    python packaging/ray_code.py [TARGET]

numba compiles the four functions of `openckm.maps.rays.machine.SIGNATURES` for any processor and optimises them; what
Python would call them by is left out, and so is all that names a machine. Run it whenever one of MODULES changes: a
test compares their checksum with the one in the first line.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite.binding as llvm

from openckm.maps.rays import eaves, kernel, machine, pieces

MODULES = (kernel, eaves, pieces)
TARGET = Path(__file__).parents[1] / "src/openckm/assets/code/rays.ll"


def checksum() -> str:
    """Return the SHA-256 of what is compiled: the texts without their docstrings and comments."""
    said = []
    for module in MODULES:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef):
                node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
        said.append(ast.unparse(tree))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def compiled() -> dict[str, Any]:
    """Return the functions as numba has compiled them, each for its one signature."""
    import numba

    for name, value in (("CPU_NAME", "generic"), ("CPU_FEATURES", "")):
        setattr(numba.config, name, value)
    made: dict[int, Any] = {}
    options: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}, "no_cpython_wrapper": True}
    for module in MODULES:
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and value.__module__.startswith("openckm.maps.rays"):
                made.setdefault(id(value), numba.njit(**options)(value))
                setattr(module, name, made[id(value)])
    found = {name: next(vars(m)[name] for m in MODULES if name in vars(m)) for name in machine.SIGNATURES}
    kinds: dict[str, Any] = {"d": numba.float64, "f": numba.float32, "i": numba.int64, "s": numba.int32}
    for name, function in found.items():
        types = []
        for kind in machine.SIGNATURES[name].split(" -> ")[0].split():
            axes = int(kind[1:] or 0)
            types.append(numba.types.Array(kinds[kind[0]], axes, "C") if axes else kinds[kind])
        function.compile(tuple(types))
    return found


def stripped(module: Any) -> Any:
    """Return a module without what nothing calls."""
    own = llvm.Target.from_default_triple().create_target_machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, llvm.create_pass_builder(own, llvm.create_pipeline_tuning_options()))
    return module


def plain(text: str) -> str:
    """Return LLVM's text without what names a machine, and without what older versions of LLVM do not know.

    References to arrays are not counted: those that come in are numpy's.
    """
    left_out = (
        r"(target|source_filename|; ModuleID|attributes|![0-9]+ =).*", r" .*call void @NRT_(in|de)cref.*",
        r" .*call void @llvm\.experimental\.noalias\.scope\.decl.*",
    )  # fmt: skip
    text = re.sub(rf"^({'|'.join(left_out)})\n", "", text, flags=re.M)
    text = re.sub(r" (captures|range)\([^)]*\)|, ![a-z._]+ ![0-9]+|(?<=[\w)]) #[0-9]+", "", text)
    for k, name in enumerate(sorted(set(re.findall(r"@(_ZN[\w.]+)", text)))):
        text = re.sub(rf"@{re.escape(name)}\b", f"@part{k}", text)
    return text


def main(target: Path) -> None:
    """Compile and write."""
    llvm.initialize_native_target()
    whole = llvm.parse_assembly("")
    for name, function in compiled().items():
        (signature,) = function.signatures
        module = llvm.parse_assembly(function.inspect_llvm(signature))
        symbol = function.overloads[signature].fndesc.llvm_func_name
        for one in (*module.functions, *module.global_variables):
            if not one.is_declaration:
                one.linkage = "external" if one.name == symbol else "internal"
        module.get_function(symbol).name = f"rays_{name}"
        whole.link_in(stripped(module))
    text = plain(str(stripped(llvm.parse_assembly(plain(str(whole))))))
    target.write_text(f"; of {checksum()}, by packaging/ray_code.py\n{text}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
