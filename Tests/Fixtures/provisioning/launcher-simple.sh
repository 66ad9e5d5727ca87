run 'it' "$HOME"
