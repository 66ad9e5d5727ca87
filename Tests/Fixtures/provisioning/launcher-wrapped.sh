apptainer exec image.sif run 'it' "$HOME"
