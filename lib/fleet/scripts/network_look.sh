# shellcheck shell=sh
# Tells what there is of a thin client's set-up.
part mactab; kept /etc/mactab
part service; kept /etc/init.d/tower-cards
part interfaces; kept /etc/network/interfaces
part started
if [ -L /etc/runlevels/boot/tower-cards ] && [ -L /etc/runlevels/boot/networking ] &&
	[ ! -e /run/tower-network-unsettled ]; then echo yes; fi
part openrc; if [ -e /sbin/openrc-run ]; then echo yes; fi
