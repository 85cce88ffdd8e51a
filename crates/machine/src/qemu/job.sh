# The first process of a job, in namespaces of its own: whatever the job leaves behind ends with this one.
# ID FRESH
mount -t proc -o nosuid,nodev,noexec proc /root/proc
[ "$2" = fresh ] && for folder in /work /tmp /home/review; do
    mount -t tmpfs -o "mode=1777,nosuid,nodev,size=75%" fresh "/root$folder" || exit 125
    chown 1000:1000 "/root$folder"
done
. "/root/jobs/$1/mounts" || exit 125
ulimit -c 0
ulimit -u 512 2>/dev/null
if [ -x /root/usr/bin/setpriv ]; then
    chroot /root /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --inh-caps=-all \
        --bounding-set=-all /bin/sh "/jobs/$1/run"
else
    chroot /root /usr/bin/env -i /bin/su -s /bin/sh review -c "/bin/sh /jobs/$1/run"
fi
exit $?
