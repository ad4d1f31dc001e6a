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

# pi FILE… lays what a Raspberry Pi's own boot loader reads into the FAT partition:
# its firmware, U-Boot, and Debian's device trees, which the firmware completes with the
# board's addresses. The line of the amplifier is an output at low from the first moment.
pi() {
	local from name
	printf '%s\n' arm_64bit=1 kernel=u-boot.bin upstream_kernel=1 enable_uart=1 gpio=17=op,dl >"$work/config.txt"
	set -- "$@" config.txt u-boot.bin
	cp "$(unpack u-boot-rpi)/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$work/"
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

# blob PACKAGE FILE OFFSET writes a file of a U-Boot package at a byte of image.
blob() {
	local from
	from=$(unpack "$1")
	dd if="$from/usr/lib/u-boot/$2" of="$image" bs=512 seek=$(($3 / 512)) conv=notrunc status=none
}

case $board in
# An emulator shares its processors with whatever else runs there.
virt-arm64) watchdog=60 ;;
virt-armhf) arch=armhf watchdog=60 ;;
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
