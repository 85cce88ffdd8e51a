# Makes the root that jobs see. Read by the first process of the machine and by that of a job; each says what `share` and `pool` do.
. /user.sh
scratch() { # PATH SIZE
    mount -t tmpfs -o "mode=1777,nosuid,nodev,size=$2" scratch "$root$1" || fail "no memory for $1"
}
link() { # TARGET PATH
    mkdir -p "$root${2%/*}" && ln -sfn "$1" "$root$2" || fail "no link at $2"
}
furnish() {
    cp -a /etc-inside "$root/etc"
    for folder in proc dev tmp work home home/review run var var/tmp jobs usr; do mkdir -p "$root/$folder"; done
    scratch /tmp 50%
    scratch /work 75%
    scratch /home/review 50%
    chown "$user:$group" "$root/work" "$root/home/review"
    chmod 755 "$root/work" "$root/home/review"
    # After the folders of memory, because a share may lie in one.
    . /shares.sh
}
