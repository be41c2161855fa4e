#!/bin/sh
for i in "$@"; do
	/sbin/depmod "${i#/lib/modules/}"
done
