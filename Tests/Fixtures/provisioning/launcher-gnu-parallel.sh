apus_parallel=${PARALLEL_HOME:-$HOME/.parallel}
if ! [ -e "$apus_parallel/ignored_vars" ]; then
    mkdir -p -- "$apus_parallel"
    env -i HOME="$HOME" PATH="$PATH" PARALLEL_HOME="$apus_parallel" parallel --record-env
fi
seq 6 | parallel --env _ --jobs 2 --sshloginfile "$PBS_NODEFILE" \
    --workdir "$PWD" --max-args 0 '/bin/bash -c '\''run '\''\'\'''\''it'\''\'\'''\'' "$HOME"'\'''
