seq 6 | parallel --env _ --jobs 2 --sshloginfile "$PBS_NODEFILE" \
    --workdir "$PWD" --max-args 0 '/bin/bash -c '\''run '\''\'\'''\''it'\''\'\'''\'' "$HOME"'\'''
