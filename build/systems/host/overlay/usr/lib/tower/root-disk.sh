# What is known of disks and of the one that gets the system; sourced after step.sh.

# Label of a LUKS header while the first boot works on it, and afterwards.
unfinished=tower-unfinished
finished=tower-root

# Name of the opened disk, and its volume group, as in TowerOS.
opened=lvmcrypt
group=vg0
# lvm looks at the opened disk alone: a stick may hold a volume group of the same name. Nothing
# waits for udev, which is not here.
only_opened="devices { filter=[\"a|^/dev/mapper/$opened\$|\",\"r|.*|\"] \
obtain_device_list_from_udev=0 use_devicesfile=0 } \
activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 }"

# Names of all whole disks but the one with the boot partition, a line each.
other_disks() {
	local path name
	for path in $(ls -d /sys/block/*/device 2>/dev/null); do
		path=${path%/device}
		name=${path##*/}
		case $name in
			"$root_disk" | sr* | fd* | mtd* | mmcblk*boot* | mmcblk*rpmb) continue ;;
		esac
		[ "$(cat "$path/size")" -gt 0 ] && [ "$(cat "$path/ro")" = 0 ] || continue
		echo "$name"
	done
}

# attribute DISK FILE: what the kernel tells of it, as udev writes it into names.
attribute() {
	[ -r "/sys/block/$1/$2" ] || return 0
	tr -d '\n' <"/sys/block/$1/$2" 2>/dev/null | sed 's/^ *//; s/ *$//; s/[^A-Za-z0-9_.:+-]\{1,\}/_/g'
}

# ids_of DISK: its names below /dev/disk/by-id, a line each. Not every system makes these links.
ids_of() {
	local serial model wwid
	serial=$(attribute "$1" serial)
	wwid=$(attribute "$1" wwid)
	case $1 in
		vd*) [ -z "$serial" ] || echo "virtio-$serial" ;;
		nvme*)
			serial=$(attribute "$1" device/serial)
			model=$(attribute "$1" device/model)
			[ -z "$wwid" ] || echo "nvme-$wwid"
			[ -z "$serial" ] || echo "nvme-${model}_$serial"
			;;
		mmcblk*)
			serial=$(attribute "$1" device/serial)
			[ -z "$serial" ] || echo "mmc-$(attribute "$1" device/name)_$serial"
			;;
		sd*)
			wwid=$(attribute "$1" device/wwid)
			case $wwid in naa.*) echo "wwn-0x${wwid#naa.}" ;; esac
			;;
	esac
}

# disk_named PATH: the name of a block device that the path means.
disk_named() {
	local path disk
	path=$(readlink -f "$1") || path=$1
	if [ -b "$path" ] && [ -e "/sys/class/block/${path##*/}" ]; then
		echo "${path##*/}"
		return
	fi
	case $1 in /dev/disk/by-id/*) ;; *) return 1 ;; esac
	for disk in $(ls /sys/block); do
		! ids_of "$disk" | grep -x "${1##*/}" >/dev/null || { echo "$disk"; return; }
	done
	return 1
}

describe_disk() {
	local id
	printf '/dev/%s, %s MiB, holds %s' "$1" "$(($(cat "/sys/block/$1/size") / 2048))" \
		"$(contents_of "$1")"
	for id in $(ids_of "$1"); do printf ', /dev/disk/by-id/%s' "$id"; done
	echo
}

# probe DEVICE TAG…: what util-linux' blkid reads from the device itself; the shell's own blkid
# knows fewer kinds and no partition tables.
probe() {
	local device=$1 tag code=0
	shift
	for tag; do
		/sbin/blkid -p -o value -s "$tag" "$device" || code=$?
		[ "$code" -ne 8 ] || echo 'several kinds at once'
	done
}

uuid_of() { probe "$1" UUID; }

# kinds_of DISK: file system, partition table, or what else it is known as.
kinds_of() {
	probe "/dev/$1" PTTYPE TYPE | sort -u | tr '\n' ' '
}

contents_of() {
	local kinds
	kinds=$(kinds_of "$1")
	if [ -n "$kinds" ]; then
		echo "${kinds% }"
	elif is_zero "/dev/$1"; then
		echo nothing
	else
		echo 'data of an unknown kind'
	fi
}

# Whether the first MiB has nothing but zeros.
is_zero() {
	[ "$(head -c 1048576 "$1" | tr -d '\000' | wc -c)" -eq 0 ]
}

is_in_use() {
	local part
	for part in "$1" $(cd "/sys/block/$1" && ls -d "$1"* 2>/dev/null); do
		[ -z "$(ls "/sys/class/block/$part/holders")" ] || return 0
		! grep -q "^/dev/$part " /proc/mounts /proc/swaps || return 0
	done
	return 1
}

# What tells one disk from another in the same place.
identity_of() {
	echo "$(readlink -f "/sys/block/$1" | sed "s|/block/.*||") $(cat "/sys/block/$1/size")" $(ids_of "$1")
}

is_taken() {
	[ -f "$state/root-device" ] && [ "$(cat "$state/root-device")" = "$(identity_of "$1")" ]
}

# The name too must be on the card before a byte of the other disk changes.
take() {
	identity_of "$1" | put 0600 "$state/root-device"
	sync
}

# opens DISK KEY: whether the key opens it.
opens() {
	cryptsetup open --test-passphrase --type luks2 --key-file "$2" "/dev/$1" 2>/dev/null </dev/null
}

is_finished() {
	[ "$(probe "/dev/$1" LABEL)" = "$finished" ]
}
