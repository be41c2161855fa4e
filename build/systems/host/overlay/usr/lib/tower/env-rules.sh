# What each value in tower.env must be; sourced by tower-env, which sets LC_ALL=C and no globbing.

COLORS="39 31 32 33 34 35 36 37 91 92 93 94 95 96"

# Each of these answers whether $1 is good.

# $2: fewest characters, $3: most.
has_length() { [ "${#1}" -ge "$2" ] && [ "${#1}" -le "$3" ]; }

is_hex() { case $1 in *[!0-9a-fA-F]*) return 1 ;; esac; }

# Leaves the address as a number in $address.
is_ipv4() {
	case $1 in '' | *[!0-9.]* | .* | *. | *..*) return 1 ;; esac
	old_ifs=$IFS
	IFS=.
	# shellcheck disable=SC2086 # splitting is the purpose
	set -- $1
	IFS=$old_ifs
	[ $# -eq 4 ] || return 1
	for part; do
		case $part in
		[0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5]) ;;
		*) return 1 ;;
		esac
	done
	address=$((($1 << 24) + ($2 << 16) + ($3 << 8) + $4))
}

# Leaves the network in $network and how many addresses it has in $network_size.
is_network() {
	case $1 in */1[6-9] | */2[0-9]) ;; *) return 1 ;; esac
	is_ipv4 "${1%/*}" || return 1
	network=$address
	network_size=$((1 << (32 - ${1##*/})))
	[ $((network & (network_size - 1))) -eq 0 ] || return 1
	case $1 in
	10.* | 192.168.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].*) ;;
	*) return 1 ;;
	esac
}

is_host_name() {
	has_length "$1" 1 15 || return 1
	case $1 in
	*[!a-z0-9-]* | -* | *- | thinclient | localhost) return 1 ;;
	*[!0-9]*) ;;
	*) return 1 ;;
	esac
}

is_user_name() {
	has_length "$1" 1 32 || return 1
	case $1 in *[!A-Za-z0-9_-]* | [!A-Za-z_]* | root) return 1 ;; esac
}

is_public_key() {
	[ "${#1}" -le 2048 ] || return 1
	case $1 in *' '*) ;; *) return 1 ;; esac
	blob=${1#* }
	blob=${blob%% *}
	case "${1%% *} $blob" in
	'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5'*) ;;
	'ssh-rsa AAAAB3NzaC1yc2EA'*) ;;
	'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYA'*) ;;
	'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQA'*) ;;
	'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEA'*) ;;
	'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t'*) ;;
	'sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20A'*) ;;
	*) return 1 ;;
	esac
	[ $((${#blob} % 4)) -eq 0 ] || return 1
	blob=${blob%=}
	case ${blob%=} in *[!A-Za-z0-9+/]*) return 1 ;; esac
	# What the base64 holds, only this program can tell; every image of a host has it.
	! command -v ssh-keygen >/dev/null || printf '%s\n' "$1" | ssh-keygen -l -f - >/dev/null 2>&1
}

is_password_hash() {
	rest=${1#\$6\$}
	[ "$rest" != "$1" ] || return 1
	case $rest in
	rounds=*\$*)
		rounds=${rest#rounds=}
		rounds=${rounds%%\$*}
		has_length "$rounds" 4 9 || return 1
		case $rounds in *[!0-9]* | 0*) return 1 ;; esac
		rest=${rest#*\$}
		;;
	esac
	case $rest in *\$*) ;; *) return 1 ;; esac
	has_length "${rest%%\$*}" 1 16 && has_length "${rest#*\$}" 86 86 || return 1
	case "${rest%%\$*}${rest#*\$}" in *[!./0-9A-Za-z]*) return 1 ;; esac
}

is_layout() {
	has_length "$1" 2 10 || return 1
	case $1 in *[!a-z0-9]* | [!a-z]*) return 1 ;; esac
}

is_variant() {
	has_length "$1" 2 32 || return 1
	case $1 in *[!A-Za-z0-9_-]* | [!A-Za-z]*) return 1 ;; esac
}

is_time_zone() {
	case $1 in '' | /* | */ | *//* | */*/*/*) return 1 ;; esac
	old_ifs=$IFS
	IFS=/
	# shellcheck disable=SC2086 # splitting is the purpose
	set -- $1
	IFS=$old_ifs
	for part; do
		has_length "$part" 1 32 || return 1
		case $part in *[!A-Za-z0-9_+-]* | [!A-Za-z]*) return 1 ;; esac
	done
}

is_language() {
	case ${1%.UTF-8} in C | [a-z][a-z]_[A-Z][A-Z] | [a-z][a-z][a-z]_[A-Z][A-Z]) ;; *) return 1 ;; esac
}

is_version() {
	has_length "$1" 1 64 || return 1
	case $1 in *[!0-9A-Za-z.+_-]* | [!0-9A-Za-z]*) return 1 ;; esac
}

is_device() {
	has_length "$1" 1 128 || return 1
	case $1 in
	auto) ;;
	*/ | *//* | *[!A-Za-z0-9_.:+/-]* | */[_.:+-]*) return 1 ;;
	/dev/*) ;;
	*) return 1 ;;
	esac
}

# Whether value $2 of key $1 is good; else $says is what it must be.
is_good() {
	case $1 in
	HOSTNAME)
		says='have 1 to 15 of a-z, 0-9 and "-", begin and end with a letter or digit, not be all digits, and not be "thinclient" or "localhost"'
		is_host_name "$2"
		;;
	USERNAME)
		says='have 1 to 32 letters, digits, "_" and "-", begin with a letter or "_", and not be "root"'
		is_user_name "$2"
		;;
	PUBLIC_KEY)
		says='be one OpenSSH public key: type, base64, comment'
		is_public_key "$2"
		;;
	PASSWORD_HASH)
		says='be a SHA-512 hash of crypt, which begins with $6$'
		is_password_hash "$2"
		;;
	KEYBOARD_LAYOUT)
		says='have 2 to 10 of a-z and 0-9 and begin with a letter'
		is_layout "$2"
		;;
	KEYBOARD_VARIANT)
		says='have 2 to 32 letters, digits, "_" and "-" and begin with a letter'
		is_variant "$2"
		;;
	TIMEZONE)
		says='be a name of the time zone database such as America/New_York or UTC'
		is_time_zone "$2"
		;;
	LANG)
		says='be a language such as en_US or en_US.UTF-8'
		is_language "$2"
		;;
	ONLINE)
		says='be true or false'
		case $2 in true | false) ;; *) return 1 ;; esac
		;;
	WLAN_SSID)
		says='have 1 to 32 characters'
		has_length "$2" 1 32
		;;
	WLAN_SSID_HEX)
		says='have 2 to 64 hexadecimal digits, two for each byte of the name'
		has_length "$2" 2 64 && is_hex "$2" && [ $((${#2} % 2)) -eq 0 ]
		;;
	WLAN_SHARED_KEY)
		says='have 64 hexadecimal digits, as wpa_passphrase makes them of name and password'
		has_length "$2" 64 64 && is_hex "$2"
		;;
	WLAN_PASSWORD_HEX)
		says='have 16 to 126 hexadecimal digits, two for each character of the password'
		has_length "$2" 16 126 && is_hex "$2" && [ $((${#2} % 2)) -eq 0 ]
		;;
	THIN_CLIENT_IP | STATIC_HOST_IP | ROUTER_IP)
		says='be an IPv4 address such as 192.168.2.200'
		is_ipv4 "$2"
		;;
	TOWER_NETWORK)
		says='be a private IPv4 network from /16 to /29 such as 192.168.2.0/24'
		is_network "$2"
		;;
	COLOR)
		says="be one of $COLORS"
		case $2 in '' | *' '*) return 1 ;; esac
		case " $COLORS " in *" $2 "*) ;; *) return 1 ;; esac
		;;
	INSTALLATION_TYPE)
		says='be install or upgrade'
		case $2 in install | upgrade) ;; *) return 1 ;; esac
		;;
	TOWEROS_VERSION)
		says='have 1 to 64 letters, digits, ".", "+", "_" and "-"'
		is_version "$2"
		;;
	ROOT_DEVICE)
		says='be auto or the path of a device such as /dev/disk/by-id/nvme-eui.0025385b71b0a2c1'
		is_device "$2"
		;;
	ROOT_DEVICE_WIPE)
		says='be true or false'
		case $2 in true | false) ;; *) return 1 ;; esac
		;;
	esac
}
