apus_hosts=$(mktemp) || exit 73
sort -u -- "$PBS_NODEFILE" >"$apus_hosts"
mpiexec --bind-to none -n 6 --ppn 2 --hostfile "$apus_hosts" -v /bin/bash -c 'run '\''it'\'' "$HOME"'
apus_status=$?
rm -f -- "$apus_hosts"
exit "$apus_status"
