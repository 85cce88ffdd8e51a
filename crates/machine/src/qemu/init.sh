#!/bin/busybox sh
# The first process of the machine. It makes the root that jobs see, then takes one order a line from the port `control`:
#   run ID NONCE FRESH   run the job in /jobs/ID; its output goes to the ports `out` and `err` between B-NONCE and E-NONCE
#   kill NONCE           end the job
#   off                  power off
# The port `line` is for the job itself, where it has a line to the outside.
# A job never sees the nonce, so it cannot end its own output or speak for us.
export PATH=/bin
/bin/busybox mkdir -p /bin /proc /sys /dev /tmp /root
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev

fail() { echo "machine: $1" >/dev/console; poweroff -f; }

load() {
    case $1 in
    *.ko) insmod "$1" ;;
    *.xz) xzcat "$1" >/tmp/module.ko && insmod /tmp/module.ko ;;
    *.gz) zcat "$1" >/tmp/module.ko && insmod /tmp/module.ko ;;
    esac
} 2>/dev/null
# Modules need each other: those that came too early are tried again.
left=$(ls /modules/* 2>/dev/null)
for round in 1 2 3 4 5 6; do
    later=
    for module in $left; do load "$module" || later="$later $module"; done
    left=$later
    [ -z "$left" ] && break
done

port() {
    for folder in /sys/class/virtio-ports/*; do
        [ "$(cat "$folder/name" 2>/dev/null)" = "$1" ] && echo "/dev/${folder##*/}" && return
    done
}
for name in control out err line; do [ -n "$(port $name)" ] || fail "the port $name is missing; modules not loaded: $left"; done
exec 3<>"$(port control)" 4>"$(port out)" 5>"$(port err)" 6<>"$(port line)"

mount -t tmpfs -o mode=755,size=64m root /root || fail "no memory for a root"
root=/root
. /root.sh
shared() { # TAG OPTIONS AT
    mkdir -p "$3"
    mount -t 9p -o "trans=virtio,version=9p2000.L,ro,nosuid,nodev,msize=512000,$2" "$1" "$3" || fail "$3 cannot be shown"
}
share() { shared "$1" "$2" "/root$3"; }
# What jobs are shown something of, and none sees as a whole.
pool() { shared "$1" "$2" "/pool/$3"; }
mkdir -p /pool /job
furnish
mount -t devtmpfs dev /root/dev
rm -f /root/dev/vport* /root/dev/mem /root/dev/port
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs -o mode=1777,size=64m shm /root/dev/shm
mount -t devpts -o ptmxmode=666 pts /root/dev/pts 2>/dev/null
for name in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    [ -e "/root/dev/${name%%:*}" ] || ln -s "${name#*:}" "/root/dev/${name%%:*}"
done
chmod 666 /root/dev/null /root/dev/zero /root/dev/full /root/dev/random /root/dev/urandom /root/dev/tty
hostname review
ip link set lo up 2>/dev/null

finish() { # NONCE HOW CODE
    printf 'E%s' "$1" >&4
    printf 'E%s' "$1" >&5
    echo "$2 $1 $3" >&3
}

run() { # ID NONCE FRESH
    printf 'B%s' "$2" >&4
    printf 'B%s' "$2" >&5
    unshare -m -p -i -f /bin/sh /job.sh "$1" "$3" <"/root/jobs/$1/stdin" >&4 2>&5 3>&- 4>&- 5>&-
    finish "$2" exit $?
}

echo "ready 1" >&3
while read -r verb id nonce fresh <&3; do
    case $verb in
    run) run "$id" "$nonce" "$fresh" & ;;
    kill)
        # Everyone but this process and the kernel's own.
        kill -9 -1
        wait
        finish "$id" killed 137
        ;;
    off)
        kill -15 -1
        sleep 0.2
        kill -9 -1
        sync
        poweroff -f
        ;;
    esac
done
fail "the control port has ended"
