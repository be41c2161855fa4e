# What the first boot and its steps share; sourced.
#
# A step may be cut off anywhere and is then run again from its start: whole files only, each
# written beside its place and renamed.

set -eu
# No `| grep -q` with it: that leaves at its first match, and what writes to it dies of that.
set -o pipefail
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

state=/var/lib/tower/firstboot
settings=$state/settings
log=/var/log/tower-firstboot.log

# say TEXT: to every console and the log. Nothing but printable ASCII reaches a terminal.
say() {
	local text console
	text=$(printf '%s\n' "$*" | tr -cd '\n -~')
	printf '%s\n' "$text" >>"$log" || :
	for console in $(cat /sys/class/tty/console/active 2>/dev/null); do
		printf '%s\n' "$text" | sed "s/\$/$(printf '\r')/" >"/dev/$console" 2>/dev/null || :
	done
}

fail() {
	say "first boot: $*"
	exit 1
}

# value KEY: what tower.env says, or nothing.
value() {
	value_in "$settings" "$1"
}

# value_in FILE KEY: from the lines KEY<tab>value that tower-env prints.
value_in() {
	awk -F '\t' -v key="$2" '$1 == key { print substr($0, length(key) + 2); exit }' "$1"
}

role() {
	if [ "$(value HOSTNAME)" = router ]; then
		echo router
	elif [ "$(value ONLINE)" = true ]; then
		echo online
	else
		echo offline
	fi
}

# put MODE PATH: standard input as a whole file, on the disk before it has its name.
put() {
	mkdir -p -m 0755 "${2%/*}"
	cat >"$2.new"
	chmod "$1" "$2.new"
	sync
	mv "$2.new" "$2"
}

# overwrite FILE: removes a secret, with zeros over it first.
overwrite() {
	[ -s "$1" ] || return 0
	dd if=/dev/zero of="$1" bs="$(stat -c %s "$1")" count=1 conv=notrunc 2>>"$log"
	sync
	rm "$1"
}

# enable SERVICE LEVEL
enable() {
	mkdir -p -m 0755 "/etc/runlevels/$2"
	ln -sfn "/etc/init.d/$1" "/etc/runlevels/$2/$1"
}

# Sets root_partition, root_disk and boot_partition (names below /dev) of the boot medium: the boot
# partition is the first of the disk that the image's root is on, whatever else is plugged in. A
# root on an encrypted disk leaves that one unused; the kernel command line still names it.
find_disks() {
	local number path
	number=$(stat -c %d /)
	path=$(readlink -f "/sys/dev/block/$((number >> 8 & 0xfff)):$((number & 0xff | number >> 12 & 0xfff00))")
	if [ -d "$path/dm" ]; then
		path=$(findfs "$(sed 's/.*\broot=\([^ ]*\).*/\1/' /proc/cmdline)") ||
			fail "the boot medium is missing; put it in"
		path=$(readlink -f "/sys/class/block/${path##*/}")
	fi
	[ -e "$path/partition" ] || fail "the root file system is on no partition of a disk"
	root_partition=${path##*/}
	path=${path%/*}
	root_disk=${path##*/}
	for path in "$path"/*/partition; do
		[ "$(cat "$path")" = 1 ] || continue
		path=${path%/*}
		boot_partition=${path##*/}
		return
	done
	fail "disk $root_disk has no boot partition"
}

# mount_boot ro|rw: mounts the boot partition at $boot until the program ends.
boot=/run/tower/boot
mount_boot() {
	find_disks
	mkdir -p "$boot"
	mount -t vfat -o "$1,nosuid,nodev,noexec,umask=0077" "/dev/$boot_partition" "$boot" ||
		fail "the boot partition /dev/$boot_partition cannot be mounted"
	trap 'umount "$boot"' EXIT
}
