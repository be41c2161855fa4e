# shellcheck shell=sh
# Stands behind tower-slot's own scripts in a test: each change is a step, and the power goes off at the step
# that the file `cut` numbers. What was flushed until then is in the folder `flushed`. $cuts is the folder of
# the slots.

step() {
  number=$(($(cat "$cuts/steps") + 1))
  echo $number > "$cuts/steps"
  [ "$number" = "$(cat "$cuts/cut")" ]
}

cut_power() {
  kill -9 $$
  exit 137
}

# flush NAME: from now on a disk is certain to hold this file or folder as it is.
flush() {
  command rm -rf "$cuts/flushed/$1"
  cp -R "$cuts/$1" "$cuts/flushed/$1"
}

# It leaves a disk's own cache as it is.
sync() {
  step && cut_power
}

rm() {
  step && cut_power
  command rm "$@"
}

# FAT has both names for a while.
mv() {
  step && cut_power
  cp "$1" "$2"
  step && cut_power
  command rm "$1"
}

dd() {
  changed=''
  for word; do case $word in of=*) changed=${word#of=} ;; esac; done
  case "$changed  $* " in
    ' '*' bs=512 '* | ' '*' if='*) command dd "$@" ;;
    # Who writes into a pipe changes nothing; of a file that is written some is there.
    ' '*)
      [ -f /proc/self/fd/1 ] && step && { command dd bs=100 count=1 && cut_power; }
      command dd "$@"
      ;;
    # An fsync alone.
    *' count=0 '*)
      step && cut_power
      for changed in boot root-b slots; do flush $changed; done
      ;;
    # A sector is written whole or not at all.
    *' bs=512 '*)
      step && cut_power
      command dd "$@" && flush "${changed#"$cuts"/}"
      ;;
    *)
      step && { command dd "of=$changed" bs=1000 count=1 conv=notrunc && cut_power; }
      command dd "$@" && flush "${changed##*/}"
      ;;
  esac
}
