#!/bin/sh
# Installs the package, installs it again, removes and purges it, on this machine as it
# would be: over its root lies a layer in memory that is gone afterwards.
# Usage: unshare -m try.sh DEB DIR   (as root; DIR is empty); exits 77 where that cannot be had.
set -eu
deb=$(realpath "$1") dir=$2
cannot() { echo "try.sh: no layer can be laid over this root" >&2; exit 77; }
mount --make-rprivate / && mount -t tmpfs loa "$dir" || cannot
mkdir "$dir/upper" "$dir/work" "$dir/root"
mount -t overlay loa -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$dir/root" || cannot
mount -t tmpfs run "$dir/root/run"
mount -t proc proc "$dir/root/proc"
mount --bind /dev "$dir/root/dev"
mkdir "$dir/root/loa-try"
cp "$deb" "$dir/root/loa-try/loa.deb"
there() { chroot "$dir/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }
fails() { echo "try.sh: $*" >&2; exit 1; }
wants=etc/systemd/system/multi-user.target.wants/loa.service

there dpkg -i /loa-try/loa.deb
[ "$(there stat -c '%U:%G %a' /etc/loa)" = "loa:loa 750" ] || fails "/etc/loa is not the agent's"
[ "$(there stat -c '%U:%G %a' /var/lib/loa)" = "loa:loa 750" ] || fails "/var/lib/loa is not the agent's"
[ "$(there stat -c '%U %a' /run/loa/ask)" = "loa 700" ] || fails "/run/loa/ask is not the agent's"
for group in audio dialout gpio i2c video; do
	there id -nG loa | grep -qw $group || fails "loa is not in $group"
done
[ -L "$dir/root/$wants" ] || fails "loa.service does not start at boot"
there systemd-analyze verify loa.service loa-host.service loa-host.path || fails "systemd does not like the units"
there agent -version | grep -q '^loa agent' || fails "the agent does not start"
there su -s /bin/sh loa -c 'agent; [ $? = 78 ]' || fails "the agent does not say what it lacks"

# What somebody has put there stays, at an upgrade and when the package goes.
echo 'device = "d-1"' >"$dir/root/etc/loa/agent.toml"
there systemctl disable loa.service 2>/dev/null
there dpkg -i /loa-try/loa.deb
[ ! -e "$dir/root/$wants" ] || fails "an upgrade switched on what was off"
[ "$(there stat -c %U /etc/loa/agent.toml)" = loa ] || fails "the agent does not own its settings"
there systemctl enable loa.service 2>/dev/null
there dpkg -r loa
[ -e "$dir/root/etc/loa/agent.toml" ] || fails "removing took the settings along"
[ ! -e "$dir/root/usr/bin/agent" ] || fails "removing left the agent"
there dpkg -i /loa-try/loa.deb
[ -L "$dir/root/$wants" ] || fails "it does not start at boot after it was removed and came back"
there dpkg -P loa
for left in etc/loa var/lib/loa run/loa usr/bin/agent $wants; do
	[ ! -e "$dir/root/$left" ] && [ ! -L "$dir/root/$left" ] || fails "purging left $left"
done
there dpkg --audit
echo "try.sh: ok"
