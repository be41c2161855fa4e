# shellcheck shell=sh
# Tells rules and settings; standard input has the names of the settings, a line each.
for tool in iptables ip6tables; do
	for end in save restore; do
		command -v "$tool-$end" >/dev/null || fail "there is no $tool-$end; install iptables"
	done
done
rules=$(iptables-save) || fail "iptables-save failed"
part ipv4; printf '%s\n' "$rules" | text
rules=$(ip6tables-save) || fail "ip6tables-save failed"
part ipv6; printf '%s\n' "$rules" | text
part kept-ipv4; kept /etc/iptables/rules-save
part kept-ipv6; kept /etc/iptables/rules6-save
part kept-settings; kept /etc/sysctl.d/tower.conf
part settings
while read -r key; do
	path=$(setting "$key")
	if [ -e "$path" ]; then printf '|%s = %s\n' "$key" "$(cat "$path")"; fi
done
part services
for service in iptables ip6tables; do
	for level in boot default; do
		if [ -e "/etc/runlevels/$level/$service" ]; then printf '|%s\n' "$service"; fi
	done
done
