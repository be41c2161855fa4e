#!/bin/busybox sh
/bin/busybox --install -s
