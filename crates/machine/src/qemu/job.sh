# The first process of a job, in namespaces of its own: whatever the job leaves behind ends with this one.
# ID FRESH
# A fresh job has a root of its own, in which nothing is left of others.
id=$1
root=/root
fail() { echo "machine: $1" >&2; exit 125; }
. /root.sh
show() { # FROM PATH
    if [ -d "$1" ]; then
        mkdir -p "$root$2"
    else
        mkdir -p "$root${2%/*}" && { [ -e "$root$2" ] || : >"$root$2"; }
    fi
    mount --bind "$1" "$root$2" || fail "$2 cannot be shown"
}
memory() { # PATH SIZE
    mkdir -p "$root$1" && mount -t tmpfs -o "mode=755,nosuid,nodev,size=$2" job "$root$1" &&
        chown "$user:$group" "$root$1" || fail "no memory for $1"
}
copy() { # FROM PATH
    memory "$2" 75%
    cp -a "$1/." "$root$2/" && chown -R "$user:$group" "$root$2" || fail "$2 cannot be copied"
}
give() { # FROM PATH
    mkdir -p "$root${2%/*}" && cp "$1" "$root$2" && chmod 600 "$root$2" || fail "$2 cannot be given"
    case $2 in
    /home/review/*) chown -R "$user:$group" "$root/home/review" ;;
    *) chown "$user:$group" "$root$2" ;;
    esac
}
# Whoever it is inside may become nobody else.
inside() { # USER GROUP NAME SCRIPT
    if [ -x "$root/usr/bin/setpriv" ]; then
        exec chroot "$root" /usr/bin/setpriv "--reuid=$1" "--regid=$2" --clear-groups --no-new-privs --inh-caps=-all \
            --bounding-set=-all /bin/sh -c "$4"
    fi
    exec chroot "$root" /usr/bin/env -i /bin/su -s /bin/sh "$3" -c "$4"
}
if [ "$2" = fresh ]; then
    root=/job
    share() { [ "$3" = /jobs ] || show "/root$3" "$3"; }
    pool() { :; }
    mount -t tmpfs -o mode=755,size=64m job /job || fail "no memory for a root"
    furnish
    mount --rbind /root/dev /job/dev || fail "no devices"
    scratch /dev/shm 64m
    mkdir -p "/job/jobs/$id"
    mount --bind "/root/jobs/$id" "/job/jobs/$id" || fail "the job cannot be shown"
fi
mount -t proc -o nosuid,nodev,noexec proc "$root/proc" || fail "no list of processes"
. "/root/jobs/$id/mounts" || exit 125
ulimit -c 0
ulimit -u 512 2>/dev/null
line=
[ ! -e "/root/jobs/$id/line" ] || . "/root/jobs/$id/line"
case $line in
connections)
    # It belongs to nobody, so that the job can do nothing to it; it goes with the job.
    rm -f /ready && mkfifo /ready || fail "no way to hear of its line"
    (inside 65534 65534 nobody "exec /run/deep-review/program __wire $port $word") <&6 >&6 2>/ready 6>&- &
    read -r said </ready
    [ "$said" = ready ] || fail "it has no way to the network: $said"
    ;;
terminal) exec <&6 >&6 ;;
esac
exec 6>&-
(inside "$user" "$group" review "exec /bin/sh /jobs/$id/run")
exit $?
