# A shell for whoever sits at the console. Sourced by /init where the manifest asks for one
# (emergencyShell): it needs no password, so it is not for machines that others can reach.

inits="$inits /bin/sh"

open_shell() {
  warn 'a shell; leave it with "exit"'
  sh
}

# pause SECONDS: before a restart; 0 is for ever. Enter gives a shell meanwhile.
pause() {
  [ "$shell" = yes ] && open_shell
  if [ "$1" = 0 ]; then
    warn 'press Enter for a shell (panic=0: no restart)'
    while :; do
      read -r _ && open_shell
      sleep 1 # a console that is gone reads as ended at once
    done
  fi
  warn "restart in $1 s; press Enter for a shell"
  look_at_clock
  end=$((now + $1))
  if read -r -t "$1" _; then
    open_shell
  else
    look_at_clock
    [ "$now" -lt "$end" ] && sleep $((end - now))
  fi
}
