#!/bin/bash
# Installs an emulator that has a virtio sound card: QEMU 8.2 or newer. Debian 12 has it
# in its backports, which are read for this one time; the machine's sources stay as they are.
# Usage: emulator.sh [arm64|armhf]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
case ${1:-arm64} in armhf) program=qemu-system-arm ;; *) program=qemu-system-aarch64 ;; esac
sounds() { "$program" -device help 2>/dev/null | grep -q virtio-sound-pci; }
"$here/../packages.sh" hil
! sounds || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	sudo='sudo -n'
else
	echo 'emulator.sh: cần QEMU 8.2 trở lên, và quyền root để cài (needs QEMU 8.2 or newer, and root to install it)' >&2
	exit 2
fi
echo 'Đang cài QEMU từ backports (installing QEMU from the backports)'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
mkdir -p "$dir/lists/partial"
"$here/../image/sources.sh" | grep -- -backports >"$dir/sources.list"
apt=(apt-get -q=2 -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::State::lists="$dir/lists" -o APT::Sandbox::User=root
	-o Acquire::Retries=3 -o Acquire::Languages=none -o DPkg::Lock::Timeout=600)
# A mirror in mid-sync fails one index; the install says whether it mattered.
$sudo timeout -s KILL 300 "${apt[@]}" update >"$dir/log" 2>&1 || true
# The emulator of the screen's tests comes along where it can: all of QEMU is of one
# version, and the distribution's own could not be installed beside it any more.
from_backports() {
	$sudo env DEBIAN_FRONTEND=noninteractive timeout -s KILL 600 "${apt[@]}" install -y --no-install-recommends \
		"${@/%//bookworm-backports}" >"$dir/log" 2>&1
}
all=(qemu-system-arm qemu-system-data qemu-system-common)
if ! from_backports "${all[@]}" qemu-system-x86 && ! from_backports "${all[@]}"; then
	tail -n 20 "$dir/log" >&2
	exit 2
fi
sounds || { echo "emulator.sh: QEMU này không có virtio-sound-pci (this QEMU has none)" >&2; exit 2; }
