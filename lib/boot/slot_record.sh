# shellcheck shell=sh
# The record of two slots in a partition. Sourced by tower-slot and by the initramfs.
#
# - It stands there twice, each in a sector of 512 bytes, which a disk writes whole or not at all. The whole
#   one with the higher sequence counts; the other one is written.
# - Lines: `tower-slots 1`, `sequence N`, `a STATE LEFT DONE`, `b STATE LEFT DONE`, `first SLOT`, then the
#   SHA-256 of those before it. Zeros fill the sector.

# record_at DEVICE SECTOR: the record there, if it is whole.
record_at() {
  text=$(dd if="$1" bs=512 skip="$2" count=1 2> /dev/null | tr -d '\0')
  body=$(printf '%s\n' "$text" | sed '$d')
  sum=$(printf '%s\n' "$body" | sha256sum)
  [ "${text##*
}" = "${sum%% *}" ] || return 1
  case $body in
    'tower-slots 1
sequence '*) printf '%s\n' "$body" ;;
    *) return 1 ;;
  esac
}

# read_record DEVICE: sets record_sector, record_sequence, record_a, record_b and record_first.
read_record() {
  record_sector='' record_sequence=-1 record_a='' record_b='' record_first=''
  for sector in 0 1; do
    found=$(record_at "$1" $sector) || continue
    sequence=$(printf '%s\n' "$found" | sed -n 's/^sequence \([0-9]\{1,15\}\)$/\1/p')
    [ "${sequence:--1}" -gt "$record_sequence" ] || continue
    record_sector=$sector record_sequence=$sequence newest=$found
  done
  [ -n "$record_sector" ] || return 1
  line_of() {
    printf '%s\n' "$newest" | sed -n "s/^$1 \\($2\\)\$/\\1/p"
  }
  states='[a-z]* [0-9]\{1,2\} [0-9]\{1,2\}'
  record_a=$(line_of a "$states")
  record_b=$(line_of b "$states")
  record_first=$(line_of first '[ab]')
  [ -n "$record_a" ] && [ -n "$record_b" ] && [ -n "$record_first" ]
}

# write_record DEVICE: into the sector of the older one, read back.
write_record() {
  record_sequence=$((record_sequence + 1)) record_sector=$((1 - record_sector))
  body=$(printf 'tower-slots 1\nsequence %s\na %s\nb %s\nfirst %s' \
    $record_sequence "$record_a" "$record_b" "$record_first")
  sum=$(printf '%s\n' "$body" | sha256sum)
  printf '%s\n%s\n' "$body" "${sum%% *}" |
    dd of="$1" bs=512 seek=$record_sector count=1 conv=sync,notrunc,fsync iflag=fullblock 2> /dev/null
  [ "$(record_at "$1" $record_sector)" = "$body" ]
}

# can_start SLOT
can_start() {
  eval "set -- \$record_$1"
  [ "$1" = good ] || { [ "$1" = trying ] && [ "$2" -gt 0 ]; }
}

# Sets `next`: the first slot, or the other one where it cannot be started; '' where none can.
choose_next() {
  next=$record_first
  can_start "$next" && return
  [ "$next" = a ] && next=b || next=a
  can_start "$next" || next=''
}
