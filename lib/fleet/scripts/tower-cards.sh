#!/sbin/openrc-run
description="Gives each network card the name that /etc/mactab has for it"

depend() {
	after hwdrivers modules udev-settle
	before networking net
	keyword -prefix
}

has_card() { [ -e "/sys/class/net/$1" ]; }
address_of() { cat "/sys/class/net/$1/address" 2>/dev/null; }

rename_card() {
	ip link set dev "$1" down && ip link set dev "$1" name "$2"
}

start() {
	local name address other card found failed=0 spare=0
	ebegin "Naming the network cards"
	while read -r name address other; do
		case $name in '' | '#'*) continue ;; esac
		has_card "$name" || continue
		[ "$(address_of "$name")" != "$address" ] || continue
		while has_card "aside$spare"; do spare=$((spare + 1)); done
		rename_card "$name" "aside$spare" || failed=1
	done </etc/mactab
	while read -r name address other; do
		case $name in '' | '#'*) continue ;; esac
		found=
		for card in /sys/class/net/*; do
			card=${card##*/}
			[ "$(cat "/sys/class/net/$card/type")" = 1 ] || continue
			[ "$(address_of "$card")" = "$address" ] || continue
			found=$card
			break
		done
		if [ -z "$address" ] || [ -z "$found" ]; then
			ewarn "There is no card ${address:-(none)}: nothing is called $name"
		elif [ "$found" != "$name" ]; then
			rename_card "$found" "$name" || failed=1
		fi
	done </etc/mactab
	eend "$failed"
}
