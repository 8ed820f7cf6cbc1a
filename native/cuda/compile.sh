#!/bin/sh
# compile.sh NVCC ARGUMENT… -o OBJECT: runs nvcc; what ptxas says of each kernel goes to OBJECT.ptxas with the names that
# the source gives them, everything else to the screen.
for object; do :; done
"$@" 2> "$object.log"
status=$?
grep -E '^ptxas info|bytes stack frame' "$object.log" | c++filt > "$object.ptxas"
grep -vE '^ptxas info|bytes stack frame' "$object.log" >&2
rm -f "$object.log"
[ $status = 0 ] || rm -f "$object"
exit $status
