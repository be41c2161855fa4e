# What this image has of time zones and keyboard layouts; sourced.

zones=/usr/share/zoneinfo
keymaps=/usr/share/bkeymaps

is_zone() {
	[ -f "$zones/$1" ] && [ "$(head -c 4 "$zones/$1")" = TZif ]
}

# keymap_of LAYOUT VARIANT: the file of the console's map, or nothing.
keymap_of() {
	local map
	for map in "$1/$2" "$1/$1-$2"; do
		[ ! -f "$keymaps/$map.bmap.gz" ] || { echo "$keymaps/$map.bmap.gz" && return; }
	done
}

# check_place FILE ZONE LAYOUT VARIANT: what of the tower.env FILE does not exist, a line each. An image
# that has no such folder at all knows no better.
check_place() {
	if [ -d "$zones" ] && [ -n "$2" ] && ! is_zone "$2"; then
		echo "  line $(line_of TIMEZONE "$1"): TIMEZONE \"$2\" is not in the time zone database"
	fi
	if [ -d "$keymaps" ] && [ -n "$3" ] && [ -z "$(keymap_of "$3" "$4")$(keymap_of "$3" "$3")" ]; then
		echo "  line $(line_of KEYBOARD_LAYOUT "$1"): KEYBOARD_LAYOUT \"$3\" is none of" $(ls "$keymaps")
	fi
}

line_of() {
	awk -v key="$1=" 'index($0, key) == 1 { print NR; exit }' "$2"
}
