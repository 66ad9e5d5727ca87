apus_run() {
    run 'it' "$HOME"
}
apus_pids=()
for ((apus_copy = 0; apus_copy < 6; apus_copy++)); do
    apus_run &
    apus_pids+=("$!")
done
# A signal ends the wait; the copies are told, and waited for.
trap 'kill "${apus_pids[@]}" 2>/dev/null' TERM INT
apus_failed=0
apus_status=0
for apus_pid in "${apus_pids[@]}"; do
    wait "$apus_pid" || { apus_status=$?; apus_failed=$((apus_failed + 1)); }
done
if [ "$apus_failed" -ge 1 ]; then exit "$apus_status"; fi
