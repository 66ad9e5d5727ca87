mpirun -np 6 /bin/bash -c 'run '\''it'\'' "$HOME"'
