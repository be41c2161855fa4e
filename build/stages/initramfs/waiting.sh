# What comes late is waited for. Read by /init before it begins.

# wait_until LOOK: looks again and again until it succeeds; returns 1 where it has not in `patience` seconds.
wait_until() {
  look_at_clock
  start=$now
  until "$1"; do
    look_at_clock
    [ "$patience" = forever ] || [ $((now - start)) -lt "$patience" ] || return 1
    load_device_modules
    usleep 100000
  done
}
