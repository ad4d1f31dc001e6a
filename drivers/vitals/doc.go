// Package vitals reads what the kernel knows of the board it runs on: its supply, its
// warmth, the wear of its memory card, errors of its file systems.
//
// # Files
//
//	what                file in /sys                                   says
//	------------------  ---------------------------------------------  ----------------------
//	supply, Raspberry   class/hwmon/hwmonN (name rpi_volt),            1: below 4.63 V since
//	  Pi                in0_lcrit_alarm (drivers/hwmon/                the driver last asked,
//	                    raspberrypi-hwmon.c)                           which it does each 2 s
//	the same, kernels   devices/platform/soc/soc:firmware/             hexadecimal; bit 0 now,
//	  of Raspberry Pi   get_throttled                                  bit 16 since the start
//	warmth              class/thermal/thermal_zoneN/temp, type         thousandths of °C
//	wear, eMMC          block/mmcblkN/device/life_time                 two numbers, in tenths of
//	                    (drivers/mmc/core/mmc.c, JEDEC JESD84-B51,     its life; 0x0b: beyond
//	                    DEVICE_LIFE_TIME_EST_TYP_A and _B)
//	                    …/pre_eol_info                                 of its spare blocks: 1
//	                                                                   good, 2 four fifths are
//	                                                                   used, 3 nine tenths
//	errors, ext4        fs/ext4/DEVICE/errors_count                    how many since the file
//	                    (Documentation/ABI/testing/sysfs-fs-ext4)      system was last checked
//
// # Quirks
//
//   - SD cards tell no wear: the files are there for eMMC only, and for it not always. For
//     an SD card the errors of its file system are the first sign.
//   - Life is 0 where the maker has not defined it. The lowest step is "up to a tenth".
//   - Bit 16 of get_throttled stays until the next start and is not looked at: it would
//     complain of one dip in the night for a year.
//   - A chip's thermal zone may fail with EAGAIN or EINVAL while it measures: then there is
//     no reading, and that is no fault of the chip's.
//
// Tried on: directories. No board yet.
package vitals
