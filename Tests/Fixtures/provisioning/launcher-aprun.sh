aprun -n 6 -N 2 -b /bin/bash -c 'run '\''it'\'' "$HOME"'
