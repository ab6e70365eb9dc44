#!/bin/sh
# Starts kontrast with the libtorch of an installed torch @TORCH@: that of LIBTORCH, else what Python would import.
set -eu
here=$(dirname "$(readlink -f "$0")")

torch=${LIBTORCH:-}
if [ -z "$torch" ]; then
    for python in ${PYTHON:-} python3 python; do
        # Found without importing it, which takes seconds.
        torch=$("$python" -c "
import sys; sys.path[:] = [p for p in sys.path if p]
import importlib.util as u; s = u.find_spec('torch')
print(s.submodule_search_locations[0] if s and s.origin else '')" 2>/dev/null) || torch=
        [ -z "$torch" ] || break
    done
fi
if [ -z "$torch" ]; then
    echo "error: no torch found; pip install torch==@TORCH@, or set LIBTORCH to a libtorch @TORCH@" >&2
    exit 1
fi

part() { sed -n "s/^#define TORCH_VERSION_$1 //p" "$torch/include/torch/headeronly/version.h" 2>/dev/null; }
version="$(part MAJOR).$(part MINOR).$(part PATCH)"
if [ "$version" != "@TORCH@" ]; then
    [ "$version" != ".." ] || version="of another version"
    echo "error: $torch is torch $version; @TORCH@ is needed: pip install torch==@TORCH@, or set LIBTORCH" >&2
    exit 1
fi

LD_LIBRARY_PATH="$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
exec "$here/bin/kontrast" "$@"
