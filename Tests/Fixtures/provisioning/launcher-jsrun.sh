jsrun -n 6 -r 2 /bin/bash -c 'run '\''it'\'' "$HOME"'
