# What a board's image is made of, for the others to source. Sets
#   arch, kernel   Debian's architecture and kernel
#   boot           U-Boot's command for that kernel
#   dtb            the board's device tree in the kernel's package; empty: the machine has its own
#   watchdog       seconds without a sign of life until the hardware starts anew
#   safe           U-Boot's command that switches the amplifier's line off, if its build has one
# blobs, which writes what the board starts from into an image, and firmware, which lays
# it into the FAT partition.
# shellcheck shell=bash disable=SC2034
board=${BOARD:?name a board, such as BOARD=orangepi-zero}
dtb= safe=
watchdog=15 # Allwinner's has 16 at most
arch=arm64 kernel=linux-image-arm64 boot=booti
blobs() { :; }
firmware() { :; }

# uboot FILE OUT makes a U-Boot of Debian's one that nobody can stop: its port is the
# technician's, and whoever has its prompt is past the box's code. It waits for no key,
# reads none, and starts our script from the card or itself anew; neither from the
# network nor from a stick. Loops are not among its commands, because U-Boot ends those
# at Ctrl-C, and not every build has a nulldev to read from.
uboot() {
	local start='run loa' n
	case $board in
	virt-*) start='pci enum; virtio scan; setenv devtype virtio; setenv devnum 0; run loa' ;;
	*)
		start='setenv devtype mmc'
		for n in 0 1 2; do start="$start; setenv devnum $n; if mmc dev $n; then run loa; fi"; done ;;
	esac
	# shellcheck disable=SC2016
	go run ./scripts/image/uboot "$1" "$2" bootdelay=-2 stdin=nulldev preboot= bootcmd_dhcp= bootcmd_pxe= \
		'loa=load ${devtype} ${devnum}:1 ${scriptaddr} boot.scr && source ${scriptaddr}' \
		"bootcmd=setenv stdin nulldev; $start; reset"
}

# pi FILE… lays what a Raspberry Pi's own boot loader reads into the FAT partition:
# its firmware, U-Boot, and Debian's device trees, which the firmware completes with the
# board's addresses. The line of the amplifier is an output at low from the first moment.
pi() {
	local from name
	printf '%s\n' arm_64bit=1 kernel=u-boot.bin upstream_kernel=1 enable_uart=1 gpio=17=op,dl >"$work/config.txt"
	set -- "$@" config.txt u-boot.bin
	uboot "$(unpack u-boot-rpi)/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$work/u-boot.bin"
	from=$(unpack raspi-firmware)/usr/lib/raspi-firmware
	for name; do
		case $name in
		*.dtb) cp "$linux/usr/lib/linux-image-$kv/broadcom/$name" "$work/" ;;
		*.elf | *.dat | bootcode.bin) cp "$from/$name" "$work/" ;;
		esac
		touch -d "@$SOURCE_DATE_EPOCH" "$work/$name"
		mcopy -m -i "$work/boot.vfat" "$work/$name" ::
	done
}

# blob PACKAGE FILE OFFSET writes a file of a U-Boot package at a byte of image; with
# U-Boot's environment in it, changed.
blob() {
	local from
	from=$(unpack "$1")/usr/lib/u-boot/$2
	if grep -q '^u-boot' <<<"${2##*/}"; then
		uboot "$from" "$work/blob"
		from=$work/blob
	fi
	dd if="$from" of="$image" bs=512 seek=$(($3 / 512)) conv=notrunc status=none
}

# An emulator is given its U-Boot beside the image.
emulated() { uboot "$(unpack u-boot-qemu)/usr/lib/u-boot/$1/u-boot.bin" "$out/loa-$board.u-boot.bin"; }

case $board in
# An emulator shares its processors with whatever else runs there.
virt-arm64)
	watchdog=60
	blobs() { emulated qemu_arm64; } ;;
virt-armhf)
	arch=armhf watchdog=60
	blobs() { emulated qemu_arm; } ;;
orangepi-zero)
	arch=armhf dtb=sun8i-h2-plus-orangepi-zero.dtb safe='gpio clear PA6'
	blobs() { blob u-boot-sunxi orangepi_zero/u-boot-sunxi-with-spl.bin $((8 << 10)); } ;;
nanopi-neo)
	arch=armhf dtb=sun8i-h3-nanopi-neo.dtb safe='gpio clear PA0'
	blobs() { blob u-boot-sunxi nanopi_neo/u-boot-sunxi-with-spl.bin $((8 << 10)); } ;;
rock64)
	dtb=rockchip/rk3328-rock64.dtb
	blobs() {
		blob u-boot-rockchip rock64-rk3328/idbloader.img $((32 << 10))
		blob u-boot-rockchip rock64-rk3328/u-boot.itb $((8 << 20))
	} ;;
raspberrypi3) firmware() { pi bootcode.bin start.elf fixup.dat bcm2837-rpi-3-b.dtb bcm2837-rpi-3-b-plus.dtb; } ;;
raspberrypi-zero2w) firmware() { pi bootcode.bin start.elf fixup.dat bcm2837-rpi-zero-2-w.dtb; } ;;
raspberrypi4) firmware() { pi start4.elf fixup4.dat bcm2711-rpi-4-b.dtb; } ;;
*)
	echo "không có bo mạch $board (no board $board): orangepi-zero nanopi-neo rock64 raspberrypi3 raspberrypi4 raspberrypi-zero2w virt-arm64 virt-armhf" >&2
	exit 2 ;;
esac
[ $arch = arm64 ] || { kernel=linux-image-armmp-lpae boot=bootz; }
