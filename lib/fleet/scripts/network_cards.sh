# shellcheck shell=sh
# Tells the state of all cards, from the kernel's own files but for the addresses, which it has in
# none. `ip -o` is the same in iproute2 and busybox.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
for card in /sys/class/net/*; do
	[ "$(cat "$card/type")" = 1 ] || continue
	up=$(($(cat "$card/flags") & 1))
	plugged=$(cat "$card/carrier" 2>/dev/null) || plugged=0
	echo "card ${card##*/} $(cat "$card/address") $up $plugged"
done
ip -o -4 addr show | awk '$3 == "inet" { print "address", $2, $4 }'
awk '$2 == "00000000" && $8 == "00000000" { print "default", $1, $3 }' /proc/net/route
echo "forwards $(cat /proc/sys/net/ipv4/ip_forward) \
$(cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || echo 0)"
