#!/usr/bin/env bash
# Checks that a program of this package runs where no Swift is installed: links the objects of the last debug build anew,
# with the Swift runtime in the program, looks at what the result still needs, and runs it. Costs seconds, since nothing is
# compiled; `make static` builds the real thing.
#
# usage: static-program.sh PRODUCT [ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/../.."

product=${1:?a product}
shift
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# In debug builds the program's start bears the product's name, so that tests can have their own.
swiftc -static-stdlib @".build/debug/$product.product/Objects.LinkFileList" -Xlinker "--defsym=main=${product}_main" \
    -lzmq -l_FoundationCShims -l_FoundationCollections -o "$directory/$product" 2>"$directory/errors" || {
    cat "$directory/errors" >&2
    exit 1
}
needed=$(readelf --dynamic "$directory/$product" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
if grep -iE 'swift|foundation|dispatch|blocksruntime' <<<"$needed"; then
    echo "static-program: $product needs these libraries of Swift" >&2
    exit 1
fi
if readelf --dynamic "$directory/$product" | grep -E 'RPATH|RUNPATH'; then
    echo "static-program: $product looks for libraries beside the compiler" >&2
    exit 1
fi
# Out of the build folder, without any variable.
cd "$directory"
env -i "$directory/$product" "$@"
echo "static-program: $product needs $(tr '\n' ' ' <<<"$needed")"
