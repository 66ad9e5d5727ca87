srun --nodes=3 --ntasks=6 --ntasks-per-node=2 \
    ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} \
    --kill-on-bad-exit=0 --unbuffered --mpi=none /bin/bash -c 'run '\''it'\'' "$HOME"'
