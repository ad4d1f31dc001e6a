# Chooses the slot and counts the tries, on every board alike. The variables are RAUC's
# own; they lie outside all partitions, twice, 4 KiB each: at 15 MiB, which Linux writes
# too, and at 15.5 MiB, which serves when a power cut tore the first.
# A slot that has proven itself has nine tries, one on trial three (RAUC's system.conf):
# whoever counts starts cannot tell a crash from a storm in which the power comes and goes.
# A kernel that does not load is no power cut, and leaves its slot two at the most.
setenv BOOT_ORDER "A B"
setenv BOOT_A_LEFT 9
setenv BOOT_B_LEFT 9
# Addresses of our own: arm64's kernel has 45 MB and would lie over the usual ones.
setexpr dtb_addr ${kernel_addr_r} + 0x3f00000
setexpr initrd_addr ${kernel_addr_r} + 0x4000000
setenv env_addr ${initrd_addr}

@SAFE@
${devtype} dev ${devnum}
if ${devtype} read ${env_addr} 0x7800 0x8 && env import -c ${env_addr} 0x1000 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; then
  echo "loa: counters from copy 1"
elif ${devtype} read ${env_addr} 0x7c00 0x8 && env import -c ${env_addr} 0x1000 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; then
  echo "loa: counters from copy 2"
else
  echo "loa: no counters yet"
fi
# No loop: U-Boot ends those at Ctrl-C on its port, which is the technician's.
setenv slot
if test "${BOOT_ORDER}" = "B A" -o "${BOOT_ORDER}" = "B" && test 0x${BOOT_B_LEFT} -gt 0; then
  setenv slot B
elif test 0x${BOOT_A_LEFT} -gt 0; then
  setenv slot A
elif test 0x${BOOT_B_LEFT} -gt 0; then
  setenv slot B
fi
if test "${slot}" = "A"; then
  setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
  setenv part 2
elif test "${slot}" = "B"; then
  setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
  setenv part 3
else
  echo "loa: no tries left, both slots get nine more"
  setenv BOOT_ORDER "A B"
  setenv BOOT_A_LEFT 9
  setenv BOOT_B_LEFT 9
fi
setenv keep 'env export -c -s 0x1000 ${env_addr} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; ${devtype} write ${env_addr} 0x7800 0x8; ${devtype} write ${env_addr} 0x7c00 0x8'
run keep
if test -z "${slot}"; then
  reset
fi
echo "loa: slot ${slot} (tries left: A ${BOOT_A_LEFT}, B ${BOOT_B_LEFT})"

# No console=: the device tree says which port that is. No sysrq: on boards where that is
# the technician's, a break and a key would reach the kernel.
# kpti=0: none of these chips leaks the kernel's memory (Cortex-A7, A53, A72), nobody's code
# runs on a box, and in an emulator each change of tables empties the cache of addresses.
setenv bootargs "root=PARTUUID=4c4f4131-0${part} rauc.slot=${slot} ro quiet panic=10 fsck.repair=yes kpti=0 net.ifnames=0 sysctl.kernel.sysrq=0"
setenv dtb ${fdt_addr}
if test -n "@DTB@"; then
  if load ${devtype} ${devnum}:${part} ${dtb_addr} /boot/@DTB@; then
    setenv dtb ${dtb_addr}
  fi
fi
if test -z "${dtb}"; then
  setenv dtb ${fdtcontroladdr}
fi
if load ${devtype} ${devnum}:${part} ${kernel_addr_r} /boot/vmlinuz && load ${devtype} ${devnum}:${part} ${initrd_addr} /boot/initrd.img; then
  @BOOT@ ${kernel_addr_r} ${initrd_addr}:${filesize} ${dtb}
fi
echo "loa: slot ${slot} did not start"
if test "${slot}" = "A" -a 0x${BOOT_A_LEFT} -gt 2; then
  setenv BOOT_A_LEFT 2
  run keep
elif test "${slot}" = "B" -a 0x${BOOT_B_LEFT} -gt 2; then
  setenv BOOT_B_LEFT 2
  run keep
fi
sleep 2
reset
