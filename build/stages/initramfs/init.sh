#!/bin/busybox sh
# The first program of the machine: finds the root file system, mounts it, becomes its init.
#
# Facts of the outside world that this file leans on:
# - The kernel starts /init as process 1 with /dev/console as standard input and output. When
#   process 1 ends the kernel panics, so every way out is a restart or switch_root.
# - Words of the command line that the kernel does not know reach us as arguments ("single"), or,
#   with a "=", as environment. Words after "--" are arguments too. All of them belong to init.
# - Only applets and options that busybox 1.35 (Debian) and 1.36 (Alpine) have in common are used:
#   neither `blkid` nor `mountpoint`, and a findfs that knows UUID= and LABEL= alone, tells the first
#   device that fits, and looks at block devices in /dev.
# - mount -t asks the kernel for the file system's module, and the kernel runs /sbin/modprobe.

# -f: a word of the command line is never a file name pattern. Not -e: an unforeseen failure must
# reach `fail`, not end process 1.
set -u -f
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

root='' rootfstype='' rootflags='' mode=ro init='' more_modules=''
panic=30 quiet=no shell=no
patience=30 # seconds until the root device must be there, or "forever"
delay=0
inits='/sbin/init /etc/init /bin/init' # not /bin/sh, which the kernel takes as the last resort
known_aliases='' device='' twin='' now=0 told=''

consoles() {
  cat /sys/class/tty/console/active 2> /dev/null || echo console
}

# warn TEXT: to every console. Nothing but printable ASCII reaches a terminal: disks tell names.
warn() {
  said=$(printf 'initramfs: %s' "$*" | tr -cd ' -~')
  for console in $(consoles); do
    printf '%s\r\n' "$said" > "/dev/$console"
  done 2> /dev/null
}

say() {
  [ "$quiet" = yes ] || warn "$*"
}

# tell TEXT: to every console, each text once until another is told.
tell() {
  [ "$told" != "$*" ] || return 0
  told=$*
  said=$(printf '%s\n' "$*" | tr -cd '\n -~' | sed "s/\$/$(printf '\r')/")
  for console in $(consoles); do
    printf '\r\n%s\n' "$said" > "/dev/$console"
  done 2> /dev/null
}

is_number() {
  case $1 in
    '' | *[!0-9]* | ??????????*) return 1 ;;
  esac
}

# Sets `now` to the seconds since the kernel started.
look_at_clock() {
  read -r now _ < /proc/uptime || now=0
  now=${now%%.*}
}

# Both, and `inits`, are others where the image asks for a shell: see shell.sh.
open_shell() {
  warn 'there is no shell here'
}

# pause SECONDS: before a restart; 0 is for ever.
pause() {
  if [ "$1" = 0 ]; then
    warn 'no restart (panic=0)'
    while :; do sleep 3600; done
  fi
  warn "restart in $1 s"
  sleep "$1"
}

list_block_devices() {
  warn 'block devices that exist:'
  for name in $(ls /sys/class/block); do
    read -r sectors < "/sys/class/block/$name/size" || continue
    [ "$sectors" = 0 ] || warn "  /dev/$name, $((sectors / 2048)) MiB"
  done
  for name in $(ls /sys/class/block); do
    command -v blkid > /dev/null && blkid "/dev/$name"
  done
}

# Ends the start: says why, and restarts.
# panic= is read as the kernel reads it: seconds, 0 waits for ever, less than 0 is at once.
fail() {
  trap - EXIT
  warn "cannot start the system: $*"
  list_block_devices
  pause "$panic"
  restart
}

restart() {
  warn 'restart'
  reboot -f
  while :; do sleep 60; done
}

read_command_line() {
  line='' word=''
  read -r line < /proc/cmdline
  for part in $line; do
    word=${word:+$word }$part
    # A value in double quotes may hold spaces, as in root="LABEL=my root".
    case $word in
      *\"*\"*) word=$(printf '%s' "$word" | tr -d '"') ;;
      *\"*) continue ;;
    esac
    [ "$word" = -- ] && break
    read_word "$word"
    word=''
  done
}

read_word() {
  value=${1#*=}
  case $1 in
    root=*) root=$value ;;
    rootfstype=*) rootfstype=$value ;;
    rootflags=*) rootflags=$value ;;
    rootdelay=*) is_number "$value" && delay=$value ;;
    rootwait) patience=forever ;;
    rootwait=*) is_number "$value" && patience=$value ;;
    ro | rw) mode=$1 ;;
    init=*) init=$value ;;
    panic=-*) panic=1 ;;
    panic=*) is_number "$value" && panic=$value ;;
    modules=*) more_modules=$value ;; # Alpine's name for it, separated by commas
    quiet) quiet=yes ;;
    break) shell=yes ;;
  esac
}

mount_kernel_file_systems() {
  mount -t proc -o nosuid,nodev,noexec proc /proc &&
    mount -t sysfs -o nosuid,nodev,noexec sys /sys &&
    mount -t devtmpfs -o nosuid,mode=0755 dev /dev
}

load_named_modules() {
  while read -r module; do
    modprobe "$module" || warn "kernel module $module did not load"
  done < /etc/modules
  for module in $(printf '%s' "$more_modules" | tr ',' ' '); do
    modprobe -q "$module" || say "kernel module $module did not load"
  done
}

# Loads what the devices ask for that are there by now. One driver's devices (a bus) need the
# next driver, so this runs again until the root device has come.
load_device_modules() {
  aliases=$(find /sys/devices -name modalias -type f -print0 | xargs -0 cat 2> /dev/null | sort -u)
  [ "$aliases" = "$known_aliases" ] && return
  known_aliases=$aliases
  # NUL, because xargs gives quotes a meaning and a firmware may have put some in. Most aliases
  # match no module, and some modules find no device: neither is an error.
  printf '%s\n' "$aliases" | tr '\n' '\0' | xargs -0 modprobe -q -a -b 2> /dev/null
}

# bytes DEVICE OFFSET COUNT: a range of a device in hexadecimal digits.
bytes() {
  dd if="$1" bs=1 skip="$2" count="$3" 2> /dev/null | hexdump -v -e '1/1 "%02x"'
}

# number DEVICE OFFSET: four bytes, least significant first.
number() {
  printf '%d' "$(bytes "$1" "$2" 4 | sed 's/^\(..\)\(..\)\(..\)\(..\)$/0x\4\3\2\1/')"
}

# partition_id DISK SECTOR NUMBER: its PARTUUID. GPT keeps GUIDs, of which the first three groups
# stand least significant byte first (UEFI 5.3.3); an MBR has a signature at byte 440 only, to
# which the kernel adds the partition's number.
partition_id() {
  if [ "$(bytes "$1" "$2" 8)" = 4546492050415254 ]; then # "EFI PART"
    table=$(($(number "$1" $(($2 + 72))) * $2))
    entry=$(number "$1" $(($2 + 84)))
    bytes "$1" $((table + ($3 - 1) * entry + 16)) 16 | sed \
      's/^\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(....\)/\4\3\2\1-\6\5-\8\7-\9-/'
  else
    printf '%08x-%02x' "$(number "$1" 440)" "$3"
  fi
}

# find_partitions ID: all partitions with that PARTUUID, a line each.
find_partitions() {
  wanted=$(printf '%s' "$1" | tr A-F a-f)
  for name in $(ls /sys/class/block); do
    [ -e "/sys/class/block/$name/partition" ] || continue
    read -r index < "/sys/class/block/$name/partition" || continue
    disk=$(readlink -f "/sys/class/block/$name")
    disk=${disk%/*}
    read -r sector < "$disk/queue/logical_block_size" || continue
    if [ "$(partition_id "/dev/${disk##*/}" "$sector" "$index")" = "$wanted" ]; then
      printf '/dev/%s\n' "$name"
    fi
  done
}

# Sets `device` to the one that is root=. Returns 1 where there is none, or `twin` is another: whose
# that is cannot be told, as everybody who has an image knows the names in it.
find_root() {
  device='' twin=''
  case $root in
    UUID=* | LABEL=*)
      device=$(findfs "$root" 2> /dev/null)
      [ -b "$device" ] || return 1
      mount -o bind /dev/null "$device" || return 1
      twin=$(findfs "$root" 2> /dev/null)
      umount "$device"
      ;;
    PARTUUID=*)
      set -- $(find_partitions "${root#*=}")
      device=${1-} twin=${2-}
      ;;
    *) device=$root ;;
  esac
  [ -z "$twin" ] && [ -b "$device" ]
}

# described DEVICE: its size and, where a disk tells one, its name.
described() {
  path=$(readlink -f "/sys/class/block/${1##*/}")
  read -r sectors < "$path/size" || sectors=0
  [ -e "$path/partition" ] && path=${path%/*}
  model=$(cat "$path/device/model" "$path/device/name" 2> /dev/null)
  printf '%s (%s MiB%s)' "$1" "$((sectors / 2048))" "${model:+, $model}"
}

# Says why find_root found none.
tell_root_missing() {
  if [ -n "$twin" ]; then
    tell "Two disks bear the name of the one that this machine starts from, root=$root:
  $(described "$device")
  $(described "$twin")
Neither is started from. Take out the one that is not this machine's. This machine looks again all the
time."
  else
    tell "The disk that this machine starts from is missing: nothing is root=$root.
Put it in. This machine looks again all the time."
  fi
}

wait_for_root() {
  case $root in
    # Such links are made by udev, which is not here.
    /dev/disk/by-uuid/*) root=UUID=${root##*/} ;;
    /dev/disk/by-label/*) root=LABEL=${root##*/} ;;
    /dev/disk/by-partuuid/*) root=PARTUUID=${root##*/} ;;
  esac
  case $root in
    UUID=?* | LABEL=?* | PARTUUID=?* | /dev/?*) ;;
    '') fail 'the kernel command line has no root=' ;;
    *) fail "root=$root is no UUID=, LABEL=, PARTUUID= or /dev/ path" ;;
  esac
  look_at_clock
  start=$now
  until [ $((now - start)) -ge "$delay" ] && find_root; do
    look_at_clock
    waited=$((now - start - delay))
    if [ "$patience" != forever ] && [ "$waited" -ge "$patience" ]; then
      [ -z "$twin" ] || fail "two block devices are root=$root: $device and $twin"
      fail "no block device is root=$root (waited $patience s)"
    fi
    if [ -n "$twin" ] || [ "$waited" -ge 10 ]; then
      tell_root_missing
      sleep 1
    fi
    load_device_modules
    usleep 100000
  done
  delay=0
}

# Checks the root where the image brings a checker. e2fsck(8): 1 repaired, 2 repaired and restart,
# 4 and more not repaired.
check_root() {
  checker=$(command -v "fsck.$rootfstype") || return
  say "check $device"
  "$checker" -p "$device"
  result=$?
  [ "$result" -ge 4 ] && fail "$device needs a repair by hand (fsck ended with $result)"
  [ $((result & 2)) = 0 ] && return
  warn "$device was repaired"
  restart
}

mount_root() {
  [ -n "$rootfstype" ] && check_root
  say "root is $device"
  mount ${rootfstype:+-t "$rootfstype"} -o "$mode${rootflags:+,$rootflags}" "$device" /newroot ||
    fail "$device could not be mounted (root=$root rootfstype=$rootfstype rootflags=$rootflags)"
}

# Links of the root may be absolute, and would be followed here and not there: a link will do.
has_program() {
  [ -x "/newroot$1" ] || [ -L "/newroot$1" ]
}

find_init() {
  if [ -n "$init" ]; then
    has_program "$init" || fail "the root file system on $device has no $init (init=)"
    return
  fi
  for init in $inits; do
    has_program "$init" && return
  done
  fail "the root file system on $device has no init"
}

[ -f /shell.sh ] && . /shell.sh
trap 'fail "the start script ended"' EXIT
mount_kernel_file_systems || fail 'proc, sys or dev could not be mounted'
read_command_line
load_named_modules
load_device_modules
[ "$shell" = yes ] && open_shell
if [ -f /slots.sh ]; then
  . /slots.sh
  choose_slot
fi
wait_for_root
if [ -f /unlock.sh ]; then
  . /unlock.sh
  unlock maybe
  wait_for_root
fi
mount_root
if [ -f /unlock.sh ] && [ -e /newroot/etc/root-moved ]; then
  umount /newroot
  unlock surely
  wait_for_root
  mount_root
fi
find_init
for directory in dev sys proc; do
  mount -o move "/$directory" "/newroot/$directory" ||
    fail "the root file system on $device has no /$directory"
done
for argument; do
  shift
  [ "$argument" = break ] || set -- "$@" "$argument"
done
trap - EXIT
exec switch_root /newroot "$init" "$@"
